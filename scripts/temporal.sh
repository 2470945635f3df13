#!/usr/bin/env bash
# Puts Temporal's binary at the path given (bin/otklik-temporal).
#
# Building it takes minutes, and it changes only with cmd/temporal, so it is
# kept under a hash of what it is made of: in the per-user cache, where another
# clone finds it too, or in .cache of this one when there is no home.
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:-bin/otklik-temporal}
# shellcheck source=scripts/cache.sh
. scripts/cache.sh

key=$(
	{
		go env GOVERSION GOOS GOARCH
		cd cmd/temporal
		for f in go.mod go.sum *.go; do
			case $f in *_test.go) ;; *) echo "$f" && cat "$f" ;; esac
		done
	} | hash_of
)
kept="$OTKLIK_CACHE/temporal/$key/otklik-temporal"

if [ ! -x "$kept" ]; then
	mkdir -p "$(dirname "$kept")"
	part="$kept.part.$$"
	log="$kept.log.$$"
	trap 'rm -f "$part" "$log"' EXIT
	cd cmd/temporal
	total=$(go list -deps . | wc -l | tr -d ' ')
	echo "temporal: building once for this machine, $total packages, minutes when nothing is compiled yet; kept in $OTKLIK_CACHE"
	nice go build -v -trimpath -ldflags "-s -w" -o "$part" . >"$log" 2>&1 &
	build=$!
	trap 'kill "$build" 2>/dev/null || true; rm -f "$part" "$log"' EXIT
	waited=0
	while kill -0 "$build" 2>/dev/null; do
		sleep 1
		waited=$((waited + 1))
		if [ $((waited % 15)) = 0 ]; then
			echo "temporal: $(wc -l <"$log" | tr -d ' ') packages after ${waited}s"
		fi
	done
	if ! wait "$build"; then
		grep -v '^[a-zA-Z0-9_./-]*$' "$log" >&2 || true
		echo "temporal: the build failed" >&2
		exit 1
	fi
	mv "$part" "$kept"
	cd ../..
	# The three newest stay, for clones at other commits.
	ls -dt "$OTKLIK_CACHE"/temporal/*/ | tail -n +4 | while read -r old; do rm -rf "$old"; done
fi

mkdir -p "$(dirname "$out")"
if ! cmp -s "$kept" "$out"; then
	ln -f "$kept" "$out" 2>/dev/null || { cp "$kept" "$out.part.$$" && mv "$out.part.$$" "$out"; }
fi
touch -c "$out"
echo "temporal: $out"
