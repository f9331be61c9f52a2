"""What PyInstaller needs to know of the package."""
