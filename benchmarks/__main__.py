"""python -m benchmarks: one thread is settled before any library that counts threads is imported."""

from benchmarks.single_thread import settle

settle()

from benchmarks.cli import main  # noqa: E402

if __name__ == "__main__":
    main()
