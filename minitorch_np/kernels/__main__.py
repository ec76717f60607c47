"""`python -m minitorch_np.kernels build [MODULE ...]`: compiles kernels `ahead` of time."""

from . import store

store.quiet = True  # of some that are built already while others are imported

from .ahead import main  # noqa: E402

if __name__ == "__main__":
    main()
