#!/bin/sh
# Finds a Python that is new enough and hands the command over to the scripts package.
# Usage: sh scripts/start.sh run|test|...   Choose the Python yourself with PYTHON=/path/to/python.
set -u
CDPATH='' cd -- "$(dirname -- "$0")/.." || exit 1

# A PYTHONPATH or PYTHONHOME of the caller would leak foreign packages into the set-up.
unset PYTHONHOME PYTHONPATH PYTHONSAFEPATH PYTHONSTARTUP VIRTUAL_ENV

new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

if [ -n "${PYTHON:-}" ]; then
    if ! new_enough "$PYTHON"; then
        echo "PYTHON=$PYTHON is not a Python 3.11 or newer: point PYTHON to one, or leave it unset." >&2
        exit 1
    fi
    exec "$PYTHON" -m scripts "$@"
fi

for candidate in python3 python3.14 python3.13 python3.12 python3.11 python; do
    if new_enough "$candidate"; then
        exec "$candidate" -m scripts "$@"
    fi
done

found=$(python3 --version 2>&1) || found="no Python 3"
echo "The portal needs Python 3.11 or newer, and found only: $found." >&2
echo "Install one (Debian 12, Ubuntu 24.04 and newer: apt install python3 python3-venv) or say PYTHON=/path/to/python." >&2
exit 1
