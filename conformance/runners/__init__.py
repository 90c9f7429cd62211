"""Reference runners: one file each, to be run or copied. They need nothing of torchstone."""
