#!/usr/bin/env bash
# Format and lint of all Python, then the fast tests of training/; after `npm test`. They need Python 3.11 and what training/pyproject.toml
# pins without torch: the training's own environment where it has all of that (its tests of torch code then run too), else a small one made
# here. Without Python or a package registry it says so and is no failure: nothing the product runs depends on it. torch is not installed for
# it; that takes 6 GB.
set -euo pipefail
cd "$(dirname "$0")/.."

trained=.data/training/venv/bin
small=.data/training-tests
# The exact versions stand in pyproject.toml alone.
pins() {
  "$1/python" -c '
import tomllib
project = tomllib.load(open("training/pyproject.toml", "rb"))["project"]
print(*project["dependencies"], *project["optional-dependencies"]["test"])'
}
has() {
  [ -x "$1/python" ] && "$1/python" - $(pins "$1") 2>/dev/null <<'PYTHON'
import sys
from importlib.metadata import version
sys.exit(any(version(name) != pinned for name, pinned in (pin.split("==") for pin in sys.argv[1:])))
PYTHON
}

python=$trained
if ! has "$trained"; then
  if [ -e "$trained" ]; then echo "$trained has other versions than training/pyproject.toml pins: left alone, and the tests of torch code with it."; fi
  python=$small/bin
  if ! python3 -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo 'Training tests and the lint of Python left out: there is no Python 3.11 or newer with venv.'
    exit 0
  fi
  if ! has "$python"; then
    python3 -m venv "$small"
    # shellcheck disable=SC2046 -- one word a requirement
    if ! "$python/pip" install --quiet --disable-pip-version-check $(pins "$python"); then
      echo 'Training tests and the lint of Python left out: what training/pyproject.toml pins cannot be installed here.'
      exit 0
    fi
  fi
fi
"$python/ruff" check .
"$python/ruff" format --check .
exec "$python/python" -m pytest -q training
