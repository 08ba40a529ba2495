#!/bin/sh
# Prints the version of this source tree. In an archive of the sources, git archive has written it into version.txt. In
# a working copy, git knows it. An archive that was unpacked inside another repository is not that repository's version.
cd "$(dirname "$0")/.." || exit

read -r tag commit < release/version.txt
if [ "$tag" != '$Format:%(describe:tags=true)' ]; then
	echo "${tag:-$commit}"
elif [ "$(git rev-parse --show-toplevel 2>/dev/null)" = "$(pwd -P)" ]; then
	git describe --tags --always --dirty
else
	echo dev
fi
