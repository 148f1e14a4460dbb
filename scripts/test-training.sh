#!/usr/bin/env bash
# The fast tests of training/, after `npm test`. They need Python 3.11 with numpy, pillow and pytest: the training's own environment where there
# is one (its tests of torch code then run too), else a small one made here. Without Python or a package registry it says so and is no failure:
# nothing the product runs depends on it. torch is not installed for it; that takes 6 GB.
set -euo pipefail
cd "$(dirname "$0")/.."

trained=.data/training/venv/bin/python
small=.data/training-tests
if [ -x "$trained" ] && "$trained" -c 'import pytest' 2>/dev/null; then
  exec "$trained" -m pytest -q training
fi
if ! python3 -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
  echo 'Training tests left out: there is no Python 3.11 or newer with venv.'
  exit 0
fi
if ! "$small/bin/python" -c 'import numpy, PIL, pytest' 2>/dev/null; then
  python3 -m venv "$small"
  # The exact versions stand in pyproject.toml alone.
  pins=$("$small/bin/python" -c '
import tomllib
project = tomllib.load(open("training/pyproject.toml", "rb"))["project"]
print(*project["dependencies"], *project["optional-dependencies"]["test"])')
  # shellcheck disable=SC2086 -- one word a requirement
  if ! "$small/bin/pip" install --quiet --disable-pip-version-check $pins; then
    echo 'Training tests left out: numpy, pillow and pytest cannot be installed here.'
    exit 0
  fi
fi
exec "$small/bin/python" -m pytest -q training
