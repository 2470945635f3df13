# Sourced by the other scripts: where built things are kept between clones.
if [ -z "${OTKLIK_CACHE:-}" ]; then
	if [ -n "${XDG_CACHE_HOME:-}" ]; then
		OTKLIK_CACHE=$XDG_CACHE_HOME/otklik
	elif [ -n "${HOME:-}" ] && [ -w "$HOME" ]; then
		OTKLIK_CACHE=$HOME/.cache/otklik
	else
		OTKLIK_CACHE=$PWD/.cache
	fi
fi
case $OTKLIK_CACHE in /*) ;; *) OTKLIK_CACHE=$PWD/$OTKLIK_CACHE ;; esac
export OTKLIK_CACHE

# hash_of prints the first 16 hex digits of the SHA-256 of its input.
hash_of() {
	if command -v sha256sum >/dev/null; then sha256sum; else shasum -a 256; fi | cut -c1-16
}
