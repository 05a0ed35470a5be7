#!/bin/sh
# restore.sh: what a Holdfast repository holds, restored with standard tools alone.
# Needs: jq, zstd, openssl 3, and age where the backups are encrypted.
#
#   sh restore.sh list   FOLDER
#   sh restore.sh verify FOLDER SYSTEM BACKUP
#   sh restore.sh users  FOLDER SYSTEM BACKUP [IDENTITY] > users.sql
#   sh restore.sh dump   FOLDER SYSTEM BACKUP [IDENTITY] > dump.sql
#   sh restore.sh log    FOLDER SYSTEM BACKUP OUTPUT [IDENTITY]
#
# FOLDER is a local copy of the repository, IDENTITY the file of the private age key.
set -eu

die() { printf 'restore.sh: %s\n' "$*" >&2; exit 1; }
need() { command -v "$1" >/dev/null 2>&1 || die "needs the program $1"; }

command=${1-}
folder=${2-}
[ -n "$command" ] && [ -n "$folder" ] || { sed -n '2,12p' "$0" >&2; exit 2; }
[ -f "$folder/holdfast.json" ] || die "$folder holds no holdfast.json: is it the repository's top?"
need jq
need openssl

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A manifest counts only when one of the repository's keys signed exactly these bytes.
check_signature() { # FILE
  [ -f "$1" ] || die "$1 is not there: the backup does not exist"
  [ -f "$1.sig" ] || die "$1 is not signed"
  count=$(jq '.publicKeys | length' "$folder/holdfast.json")
  i=0
  while [ "$i" -lt "$count" ]; do
    jq -r ".publicKeys[$i]" "$folder/holdfast.json" >"$work/key.pem"
    if openssl pkeyutl -verify -pubin -inkey "$work/key.pem" -rawin -in "$1" -sigfile "$1.sig" >/dev/null 2>&1; then
      return 0
    fi
    i=$((i + 1))
  done
  die "$1 does not fit its signature"
}

manifest_of() { # SYSTEM BACKUP
  manifest=$folder/systems/$1/$2/manifest.json
  check_signature "$manifest"
}

check_pieces() { # PART
  jq -r --arg part "$1" '.parts[] | select(.name == $part) | .pieces[] | "\(.sha256)  \(.key)"' "$manifest" >"$work/sums"
  [ -s "$work/sums" ] || die "the backup has no part $1"
  (cd "$folder" && sha256sum --check --quiet "$work/sums") >&2 || die "a piece of $1 is damaged"
}

unseal() { # IDENTITY ENCRYPTED: stdin to stdout
  if [ "$2" = true ]; then
    need age
    [ -n "$1" ] || die "the backup is encrypted: name the file of the private key"
    # Two programs, two exit codes: the first one's is kept in a file, for sh has no pipefail.
    { age -d -i "$1" || echo failed >"$work/failed"; } | zstd -dcq
    [ ! -f "$work/failed" ] || die "age could not decrypt: wrong key, or damaged"
  else
    zstd -dcq
  fi
}

write_part() { # PART IDENTITY
  need zstd
  check_pieces "$1"
  encrypted=$(jq -r --arg part "$1" '.parts[] | select(.name == $part) | .encrypted' "$manifest")
  jq -r --arg part "$1" '.parts[] | select(.name == $part) | .pieces[].key' "$manifest" >"$work/keys"
  while read -r key; do cat "$folder/$key"; done <"$work/keys" | unseal "$2" "$encrypted"
}

write_log() { # SYSTEM OUTPUT IDENTITY
  need zstd
  place=$folder/systems/$1/log/$(jq -r .server.id "$manifest")/$(jq -r .server.incarnation "$manifest")
  first=$(jq -r .position.file "$manifest")
  mkdir -p "$2"
  [ -d "$place" ] || die "no log follows this backup"
  # Log files in the order of their numbers, from the one of the backup's position on.
  ls "$place" | sed -n 's/^\(.*\.[0-9]\{6,\}\)\(\.[0-9]\{1,\}-[0-9]\{1,\}\.[0-9a-f]\{64\}\)\{0,1\}\.zst\(\.age\)\{0,1\}$/\1/p' | sort -u -t. -k2,2n >"$work/files"
  started=
  while read -r file; do
    [ "$file" = "$first" ] && started=1
    [ -n "$started" ] || continue
    : >"$2/$file"
    whole=$(ls "$place" | grep -E "^$file\.zst(\.age)?$" || true)
    if [ -n "$whole" ]; then
      check_signature "$place/$file.json"
      append "$place/$whole" "$2/$file" "$3" "$(jq -r .sha256 "$place/$file.json")"
      continue
    fi
    ls "$place" | grep -E "^$file\.[0-9]+-[0-9]+\.[0-9a-f]{64}\.zst(\.age)?$" |
      sed 's/^\(.*\.\)\([0-9]*\)-\([0-9]*\)\(\..*\)$/\2 \3 &/' | sort -n -k1,1 -k2,2r >"$work/segments"
    reached=0
    while read -r start end name; do
      [ "$start" -eq "$reached" ] || { [ "$start" -lt "$reached" ] && continue; die "$file has a hole at byte $reached"; }
      sum=$(printf '%s' "$name" | sed 's/^.*\.\([0-9a-f]\{64\}\)\.zst.*$/\1/')
      append "$place/$name" "$2/$file" "$3" "$sum"
      reached=$end
    done <"$work/segments"
  done <"$work/files"
  [ -n "$started" ] || die "the log file $first is not in the repository"
  gtid=$(jq -r .position.gtid "$manifest")
  printf 'The log lies in %s. Replay it on the restored server with:\n' "$2" >&2
  printf '  cd %s && mariadb-binlog --verify-binlog-checksum --start-position=%s %s.* | mariadb --binary-mode\n' "$2" "${gtid:-4}" "${first%.*}" >&2
}

append() { # OBJECT TARGET IDENTITY SHA256
  case $1 in *.age) sealed=true ;; *) sealed=false ;; esac
  unseal "$3" "$sealed" <"$1" >"$work/plain"
  [ "$(sha256sum <"$work/plain" | cut -d' ' -f1)" = "$4" ] || die "$1 is damaged"
  cat "$work/plain" >>"$2"
}

case $command in
  list)
    for manifest in "$folder"/systems/*/*/manifest.json; do
      [ -f "$manifest" ] || continue
      jq -r '"\(.startedAt)  \(.system)  \(.type)  \(.id)  \(.position.gtid)"' "$manifest"
    done | sort
    ;;
  verify)
    [ $# -ge 4 ] || die "verify FOLDER SYSTEM BACKUP"
    manifest_of "$3" "$4"
    for part in $(jq -r '.parts[].name' "$manifest"); do check_pieces "$part"; done
    echo "signature and every digest fit"
    ;;
  users) [ $# -ge 4 ] || die "users FOLDER SYSTEM BACKUP [IDENTITY]"; manifest_of "$3" "$4"; write_part users "${5-}" ;;
  dump) [ $# -ge 4 ] || die "dump FOLDER SYSTEM BACKUP [IDENTITY]"; manifest_of "$3" "$4"; write_part data "${5-}" ;;
  log) [ $# -ge 5 ] || die "log FOLDER SYSTEM BACKUP OUTPUT [IDENTITY]"; manifest_of "$3" "$4"; write_log "$3" "$5" "${6-}" ;;
  *) die "unknown command $command" ;;
esac
