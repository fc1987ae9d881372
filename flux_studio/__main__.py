"""``python -m flux_studio``: the same as the ``flux-studio`` command."""

import sys

from flux_studio.cli import main

if __name__ == "__main__":
    sys.exit(main())
