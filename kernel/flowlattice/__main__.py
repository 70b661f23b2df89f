"""`python -m flowlattice` is `flows`."""

from flowlattice.cli import main

if __name__ == "__main__":
    main()
