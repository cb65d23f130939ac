# Sourced by script/server and script/test: finds a Python and keeps .venv up to date.
# shellcheck shell=bash

say() { printf '%s\n' "$*" >&2; }

fail() {
  say "$*"
  exit 1
}

# Prints the first Python that is new enough and can make a virtual environment. The system's own
# comes first: distributions build it with optimisations that self-built ones often lack.
find_python() {
  local candidate
  for candidate in /usr/bin/python3 python3 python3.14 python3.13 python3.12 python3.11; do
    if "$candidate" -c '
import ensurepip, sqlite3, ssl, sys, venv
sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
      command -v "$candidate"
      return 0
    fi
  done
  return 1
}

# install_quickly FILE: by uv, if the file names it, which is quicker than pip; from where pip takes packages.
install_quickly() {
  local wanted=$1 itself=.venv/.uv.txt index
  sed -n '/^uv==/,/[^\\]$/p' "$wanted" >"$itself"
  [ -s "$itself" ] || return 1
  install_with_pip "$itself" || return 1
  index=${PIP_INDEX_URL:-$(.venv/bin/python -m pip config get global.index-url 2>/dev/null || true)}
  .venv/bin/python -m uv pip install --quiet --quiet --python .venv/bin/python --require-hashes \
    ${index:+--index-url "$index"} -r "$wanted"
}

install_with_pip() {
  .venv/bin/python -m pip install --quiet --quiet --disable-pip-version-check --no-input --prefer-binary --require-hashes -r "$1"
}

# ensure_venv FILE: installs a hashed requirements file into .venv, only when it has changed since.
ensure_venv() {
  local wanted=$1 installed=".venv/.installed-$1" python
  if ! .venv/bin/python -c '' >/dev/null 2>&1 || { [ ! -e "$installed" ] && ! .venv/bin/python -m pip --version >/dev/null 2>&1; }; then
    python=$(find_python) || fail "Python 3.11 or newer with its venv module is needed (on Debian or Ubuntu: apt install python3 python3-venv)."
    say "Making the virtual environment .venv with $python"
    "$python" -m venv --clear .venv || fail "The virtual environment could not be made."
  fi
  cmp -s "$wanted" "$installed" && return 0
  say "Installing what the portal needs ($wanted); this takes about a minute"
  install_quickly "$wanted" || install_with_pip "$wanted" ||
    fail "The installation failed; see the message above."
  # The worker's command under the name that its documentation has always used.
  [ -e .venv/bin/huey_consumer.py ] || ln -s huey_consumer .venv/bin/huey_consumer.py
  cp "$wanted" "$installed"
}
