"""Hooks of the package for PyInstaller."""
