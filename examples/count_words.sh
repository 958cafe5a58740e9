#!/bin/sh
# Any program can be a function: this one counts the words of a file that hold a letter, and fails if there are none.
set -eu
letter=$1 file=$2
count=$(tr -s ' \n' '\n\n' <"$file" | grep -c "$letter")
echo "words with '$letter' in $file: $count"
