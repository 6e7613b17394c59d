#!/bin/sh
# Makes the virtual environment in .venv and puts the pinned uv into it.
# PYTHON=… chooses the interpreter; otherwise the first suitable one on PATH is taken.
set -eu
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*" >&2; }

recent_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

python=${PYTHON:-}
if [ -z "$python" ]; then
  for candidate in python3 python3.14 python3.13 python3.12 python3.11; do
    if recent_enough "$candidate"; then
      python=$candidate
      break
    fi
  done
fi
if [ -z "$python" ] || ! recent_enough "$python"; then
  say "Korridor needs Python 3.11 or newer; ${python:-python3} is $("${python:-python3}" --version 2>&1 || true)."
  say "Install one (Debian and Ubuntu: apt-get install python3 python3-venv; macOS: brew install python@3.13)"
  say "or name it: make PYTHON=/path/to/python3 …"
  exit 1
fi

# Debian and Ubuntu ship Python without the part that makes environments.
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
  package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
  if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
    say "Installing $package, which $python lacks."
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$package" >/dev/null
  else
    say "$python cannot make virtual environments. On Debian and Ubuntu: sudo apt-get install $package"
    exit 1
  fi
fi

# An environment whose interpreter went away, or that was made elsewhere, is made anew.
if ! .venv/bin/python -c 'import pip' 2>/dev/null; then
  "$python" -m venv --clear .venv
fi
.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
