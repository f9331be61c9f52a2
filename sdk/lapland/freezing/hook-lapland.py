"""The models, without which nothing runs, go into the frozen program."""

from PyInstaller.utils.hooks import collect_data_files  # type: ignore[import-untyped]

datas = collect_data_files("lapland")
