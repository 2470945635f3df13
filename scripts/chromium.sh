#!/usr/bin/env bash
# Prints the path of a Chromium, after getting one where there is none:
# CHROMIUM, PATH, the cache, Playwright's download, and for root on Debian the
# package. What it does goes to standard error.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/cache.sh
. scripts/cache.sh

found() {
	"$1" --version >/dev/null 2>&1 || return 1
	echo "$1"
	exit 0
}

for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable; do
	[ -n "$name" ] || continue
	path=$(command -v "$name" || true)
	[ -n "$path" ] && { found "$path" || true; }
done
for app in "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" "/Applications/Chromium.app/Contents/MacOS/Chromium"; do
	[ -x "$app" ] && { found "$app" || true; }
done

export PLAYWRIGHT_BROWSERS_PATH="$OTKLIK_CACHE/browsers"
cached() {
	for path in "$PLAYWRIGHT_BROWSERS_PATH"/chromium-*/chrome-linux*/chrome; do
		[ -x "$path" ] && { found "$path" || true; }
	done
	return 0
}
cached
playwright=e2e/node_modules/playwright-core/cli.js
[ -f "$playwright" ] || playwright=web/node_modules/playwright-core/cli.js
if [ -f "$playwright" ]; then
	echo "chromium: none found, fetching one into $PLAYWRIGHT_BROWSERS_PATH" >&2
	timeout 300 node "$playwright" install chromium >&2 || echo "chromium: the download failed" >&2
	cached
fi

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	echo "chromium: installing the Debian package" >&2
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -o DPkg::Lock::Timeout=400 >&2 || true
	apt-get install -y -o DPkg::Lock::Timeout=400 chromium >&2 || true
	path=$(command -v chromium || true)
	[ -n "$path" ] && { found "$path" || true; }
fi
echo "chromium: there is none and it could not be fetched: install Chromium or Chrome, or set CHROMIUM to its path" >&2
exit 1
