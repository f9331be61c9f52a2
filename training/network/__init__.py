"""The network, in float32 and with int8's rounding."""
