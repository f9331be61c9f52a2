from benchmarks import limits


def test_the_command_tells_of_models_and_of_an_image(capsys):
    limits.main(["--models", "rcn-1-16", "--side", "600", "--repeats", "1", "--predict"])
    lines = capsys.readouterr().out.splitlines()
    name, *times = lines[2].split()
    assert name == "rcn-1-16"
    assert len(times) == 4
    assert all(float(time) > 0 for time in times)
    assert lines[3].startswith("600 x 600 in ")
    assert lines[4].startswith("Detector().predict of it: ")
