#!/bin/sh
# restore.sh: what a Holdfast repository holds, restored with standard tools alone.
# Needs: jq, zstd, openssl 3, awk, and age where the backups are encrypted; GNU tar for files, git for code.
# Everything that does not fit ends it with 1.
#
#   sh restore.sh list   FOLDER
#   sh restore.sh verify FOLDER SYSTEM BACKUP
#   sh restore.sh users  FOLDER SYSTEM BACKUP [IDENTITY] > users.sql
#   sh restore.sh dump   FOLDER SYSTEM BACKUP [IDENTITY] > dump.sql
#   sh restore.sh log    FOLDER SYSTEM BACKUP OUTPUT [IDENTITY]
#   sh restore.sh files  FOLDER SYSTEM BACKUP OUTPUT [IDENTITY]    (an increment with all that it continues; of a database, a physical
#                                                                    backup; of a tree, as root, for owners)
#   sh restore.sh logs   FOLDER SYSTEM BACKUP OUTPUT [IDENTITY]    (logs among files, up to this backup of type log: each as
#                                                                    far back as it is kept)
#   sh restore.sh code   FOLDER SYSTEM BACKUP OUTPUT [IDENTITY]
#
# FOLDER is a local copy of the repository, IDENTITY the file of the private age key.
set -eu

die() { printf 'restore.sh: %s\n' "$*" >&2; exit 1; }
need() { command -v "$1" >/dev/null 2>&1 || die "needs the program $1"; }

command=${1-}
folder=${2-}
[ -n "$command" ] && [ -n "$folder" ] || { sed -n '2,18p' "$0" >&2; exit 2; }
[ -f "$folder/holdfast.json" ] || die "$folder holds no holdfast.json: is it the repository's top?"
need jq
need openssl

work=$(mktemp -d)
# A log that is not whole must not look like one.
unfinished=
trap 'rm -rf "$work"; [ -z "$unfinished" ] || rm -rf "$unfinished" "$unfinished.increment"' EXIT

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
  # One of a physical backup, or of files, has an archive of its own.
  [ "$(jq -r '.kind + " " + .type + " " + .method' "$manifest")" != "mariadb incremental logical" ] ||
    die "backup $2 is an incremental: name the full that it continues, $(jq -r .parent "$manifest")"
}

check_pieces() { # PART
  jq -r --arg part "$1" '.parts[] | select(.name == $part) | .pieces[] | "\(.sha256)  \(.key)"' "$manifest" >"$work/sums"
  [ -s "$work/sums" ] || die "the backup has no part $1"
  (cd "$folder" && sha256sum --check --quiet "$work/sums") >&2 || die "a piece of $1 is damaged"
}

unseal() { # IDENTITY ENCRYPTED: stdin to stdout
  rm -f "$work/failed" "$work/broken"
  # Two programs, two exit codes, kept in files, for sh has no pipefail.
  if [ "$2" = true ]; then
    need age
    [ -n "$1" ] || die "the backup is encrypted: name the file of the private key"
    { age -d -i "$1" || : >"$work/failed"; } | zstd -dcq || : >"$work/broken"
  else
    zstd -dcq || : >"$work/broken"
  fi
  [ ! -f "$work/failed" ] || die "age could not decrypt: wrong key, or damaged"
  [ ! -f "$work/broken" ] || die "zstd could not unpack: damaged, or no room where it is written to"
}

write_part() { # PART IDENTITY
  need zstd
  check_pieces "$1"
  encrypted=$(jq -r --arg part "$1" '.parts[] | select(.name == $part) | .encrypted' "$manifest")
  jq -r --arg part "$1" '.parts[] | select(.name == $part) | .pieces[].key' "$manifest" >"$work/keys"
  while read -r key; do cat "$folder/$key"; done <"$work/keys" | unseal "$2" "$encrypted"
}

# A physical backup and those that it continues, the full first, as one data directory.
write_files() { # SYSTEM BACKUP OUTPUT IDENTITY
  need zstd
  need mbstream
  need mariadb-backup
  mkdir -p "$3"
  [ -z "$(ls -A "$3")" ] || die "$3 is not empty"
  unfinished=$3
  : >"$work/chain"
  id=$2
  while [ "$id" != null ]; do
    manifest_of "$1" "$id"
    [ "$(jq -r .method "$manifest")" = physical ] || die "backup $id holds no files: use dump"
    { echo "$id"; cat "$work/chain"; } >"$work/longer"
    mv "$work/longer" "$work/chain"
    id=$(jq -r .parent "$manifest")
  done
  lsn=0
  lineage=
  while read -r id; do
    manifest=$folder/systems/$1/$id/manifest.json
    # The tool itself joins what does not belong together, and says that all is well.
    [ "$(jq -r .files.lsn.from "$manifest")" = "$lsn" ] || die "backup $id does not begin where the one before ended"
    [ "${lineage:=$(jq -r .files.lineage "$manifest")}" = "$(jq -r .files.lineage "$manifest")" ] ||
      die "backup $id is of other files than the one before"
    apply_files "$3" "$4"
    lsn=$(jq -r .files.lsn.to "$manifest")
  done <"$work/chain"
  unfinished=
  settings=$(sed -n 's/^innodb_data_file_path=/--innodb-data-file-path=/p; s/^innodb_undo_tablespaces=/--innodb-undo-tablespaces=/p' "$3/backup-my.cnf" | tr '\n' ' ')
  printf 'The data directory lies in %s, with the accounts that the source had. Start it with MariaDB %s:\n' "$3" "$(jq -r .server.version "$manifest")" >&2
  printf '  mariadbd --datadir=%s --innodb-page-size=%s --lower-case-table-names=%s %s--event-scheduler=OFF\n' "$3" \
    "$(jq -r .server.settings.pageSizeBytes "$manifest")" "$(jq -r .server.settings.lowerCaseTableNames "$manifest")" "$settings" >&2
}

apply_files() { # OUTPUT IDENTITY
  series=$(jq -r .files.toolVersion "$manifest" | cut -d. -f1,2)
  mariadb-backup --version 2>&1 | grep -q " $series\." || die "needs the mariadb-backup of MariaDB $series"
  target=$1
  [ "$lsn" = 0 ] || target=$1.increment
  mkdir -p "$target"
  rm -f "$work/cut"
  { (write_part data "$2") || : >"$work/cut"; } | mbstream --extract --directory="$target" || : >"$work/cut"
  [ ! -f "$work/cut" ] || die "the files of backup $id could not be unpacked"
  if [ "$lsn" = 0 ]; then
    mariadb-backup --no-defaults --prepare --target-dir="$1" 2>"$work/prepare"
  else
    mariadb-backup --no-defaults --prepare --target-dir="$1" --incremental-dir="$target" 2>"$work/prepare"
    rm -rf "$target"
  fi
  tail -n 1 "$work/prepare" | grep -q 'completed OK!$' || die "backup $id could not be applied: $(tail -n 1 "$work/prepare")"
}

# The fresh server has accounts of its own: they keep their passwords and rights. Its root leads the roles that root led.
leave_own_accounts() { # stdin to stdout
  need awk
  awk '
    /^CREATE USER `(root|mariadb\.sys)`@/ { next }
    /^GRANT .* ON .* TO `(root|mariadb\.sys)`@/ { next }
    /DEFAULT ROLE .* FOR .(root|mariadb\.sys).@/ { next }
    / TO .root.@/ && !/ TO .root.@.localhost./ { next }
    { print }'
}

# The chain of segments that reaches furthest, one name a line in order: two runners may have cut the same bytes elsewhere.
choose_segments() { # START END NAME lines, sorted by start
  awk '
    BEGIN { reached["0"] = 1 }
    $2 + 0 > last + 0 { last = $2 }
    ($1 in reached) && !($2 in reached) { reached[$2] = 1; from[$2] = $1; name[$2] = $3; if ($2 + 0 > end + 0) end = $2 }
    END {
      if (last + 0 > end + 0) { print (end == "" ? 0 : end) > "/dev/stderr"; exit 1 }
      for (at = end; at in from; at = from[at]) chain[++n] = name[at]
      for (; n > 0; n--) print chain[n]
    }'
}

next_file() { # FILE: its name with the number that follows
  number=${1##*.}
  value=$(printf '%s' "$number" | sed 's/^0*//')
  printf "%s.%0${#number}d" "${1%.*}" "$((value + 1))"
}

write_log_file() { # PLACE FILE TARGET IDENTITY
  : >"$3"
  whole=$(ls "$1" | grep -E "^$2\\.zst(\\.age)?$" || true)
  # Without its signed facts it was not read back yet: its segments are still there.
  if [ -n "$whole" ] && [ -f "$1/$2.json" ]; then
    check_signature "$1/$2.json"
    [ "$(jq -r .file "$1/$2.json")" = "$2" ] || die "$1/$2.json is about another file"
    append "$1/$whole" "$3" "$4" "$(jq -r .sha256 "$1/$2.json")"
    return 0
  fi
  ls "$1" | grep -E "^$2\\.[0-9]+-[0-9]+\\.[0-9a-f]{64}\\.zst(\\.age)?$" |
    sed 's/^\(.*\.\)\([0-9]*\)-\([0-9]*\)\(\..*\)$/\2 \3 &/' | sort -n -k1,1 -k2,2 >"$work/segments"
  choose_segments <"$work/segments" >"$work/chain" 2>"$work/hole" || die "$2 has a hole at byte $(cat "$work/hole")"
  while read -r name; do
    sum=$(printf '%s' "$name" | sed 's/^.*\.\([0-9a-f]\{64\}\)\.zst.*$/\1/')
    append "$1/$name" "$3" "$4" "$sum"
  done <"$work/chain"
}

write_log() { # SYSTEM OUTPUT IDENTITY
  need zstd
  need awk
  place=$folder/systems/$1/log/$(jq -r .server.id "$manifest")/$(jq -r .server.incarnation "$manifest")
  expected=$(jq -r .position.file "$manifest")
  base=${expected%.*}
  [ -d "$place" ] || die "no log follows this backup"
  mkdir -p "$2"
  [ -z "$(ls -A "$2")" ] || die "$2 is not empty"
  unfinished=$2
  # Log files in the order of their numbers, from the one of the backup's position on.
  ls "$place" | sed -n 's/^\(.*\.[0-9]\{6,\}\)\(\.[0-9]\{1,\}-[0-9]\{1,\}\.[0-9a-f]\{64\}\)\{0,1\}\.zst\(\.age\)\{0,1\}$/\1/p' |
    sort -u | awk -v first="${expected##*.}" -F. '$NF + 0 >= first + 0 { print $NF + 0, $0 }' | sort -n | cut -d' ' -f2- >"$work/files"
  [ -s "$work/files" ] || die "the log file $expected is not in the repository"
  while read -r file; do
    [ "$file" = "$expected" ] || die "the log has a hole: $expected is not in the repository, $file is"
    write_log_file "$place" "$file" "$2/$file" "$3"
    expected=$(next_file "$file")
  done <"$work/files"
  unfinished=
  gtid=$(jq -r .position.gtid "$manifest")
  printf 'The log lies in %s. Replay it on the restored server, all of it or up to a transaction, with:\n' "$2" >&2
  printf '  cd %s && mariadb-binlog --verify-binlog-checksum --start-position=%s [--stop-position=D-S-N] %s.* | mariadb --comments --binary-mode --max-allowed-packet=1G\n' "$2" "${gtid:-4}" "$base" >&2
}

new_output() { # OUTPUT
  mkdir -p "$1"
  [ -z "$(ls -A "$1")" ] || die "$1 is not empty"
  unfinished=$1
}

write_tree() { # SYSTEM BACKUP OUTPUT IDENTITY
  need tar
  chain=$2
  id=$2
  while :; do
    manifest_of "$1" "$id"
    [ "$(jq -r .kind "$manifest")" = files ] || die "backup $id holds no files"
    [ "$(jq -r .type "$manifest")" != log ] || die "backup $id holds logs alone: use logs"
    id=$(jq -r '.parent // empty' "$manifest")
    [ -n "$id" ] || break
    chain="$id $chain"
  done
  new_output "$3"
  for id in $chain; do
    manifest_of "$1" "$id"
    { (write_part files "$4") || : >"$work/bad"; } |
      (cd "$3" && tar --extract --file=- --blocking-factor=128 --listed-incremental=/dev/null --preserve-permissions \
        --numeric-owner --acls --xattrs '--xattrs-include=*') || die "tar could not unpack backup $id"
    [ ! -f "$work/bad" ] || die "backup $id could not be read"
  done
  unfinished=
}

# The logs of a backup of type log and of those that it goes on from, oldest first: `tar` brings chunks, `cat` puts them together.
write_logs() { # SYSTEM BACKUP OUTPUT IDENTITY
  need tar
  : >"$work/chain"
  id=$2
  while [ -n "$id" ] && [ -f "$folder/systems/$1/$id/manifest.json" ]; do
    manifest_of "$1" "$id"
    [ "$(jq -r '.kind + " " + .type' "$manifest")" = "files log" ] || die "backup $id holds no logs: use files"
    { echo "$id"; cat "$work/chain"; } >"$work/longer"
    mv "$work/longer" "$work/chain"
    id=$(jq -r '.after.id // empty' "$manifest")
  done
  new_output "$3"
  mkdir "$work/chunks"
  while read -r id; do
    manifest_of "$1" "$id"
    { (write_part logs "$4") || : >"$work/bad"; } | tar --extract --file=- --no-same-owner --directory="$work/chunks" ||
      die "tar could not unpack backup $id"
    [ ! -f "$work/bad" ] || die "backup $id could not be read"
  done <"$work/chain"
  for log in "$work"/chunks/*/; do
    [ -d "$log" ] || continue
    join_chunks "$log" "$3/$(basename "$log")"
  done
  unfinished=
  jq -r '.followed[] | "\(.id)  \(.path)"' "$folder/systems/$1/$2/manifest.json" >&2
}

# A log whose first bytes are no longer kept says where it begins: they lie in the tree's own backup.
join_chunks() { # PLACE TARGET
  at=
  for chunk in "$1"*-*; do
    name=$(basename "$chunk")
    start=$(printf '%s' "${name%-*}" | sed 's/^0*\(.\)/\1/')
    [ -n "$at" ] || { target=$2; [ "$start" = 0 ] || target=$2.from-$start; at=$start; }
    [ "$start" = "$at" ] || die "the log $(basename "$2") has a hole at byte $at"
    cat "$chunk" >>"$target"
    at=$(printf '%s' "${name#*-}" | sed 's/^0*\(.\)/\1/')
  done
}

write_code() { # OUTPUT IDENTITY
  need git
  [ "$(jq -r .kind "$manifest")" = git ] || die "this backup holds no code"
  write_part bundle "$2" >"$work/code.bundle"
  new_output "$1"
  git init -q --template= "$1"
  git -C "$1" symbolic-ref HEAD refs/holdfast/none
  git -C "$1" fetch -q --no-tags "$work/code.bundle" '+refs/*:refs/*'
  branch=$(jq -r '.head.branch // empty' "$manifest")
  commit=$(jq -r '.head.objectId // empty' "$manifest")
  if [ -n "$branch" ]; then
    git -C "$1" symbolic-ref HEAD "$branch"
  elif [ -n "$commit" ]; then
    git -C "$1" fetch -q --no-tags "$work/code.bundle" '+HEAD:refs/holdfast/head'
    git -C "$1" update-ref --no-deref HEAD "$commit"
    git -C "$1" update-ref -d refs/holdfast/head
  fi
  [ -z "$commit" ] || git -C "$1" reset -q --hard
  jq -r '.refs[] | "\(.objectId) \(.name)"' "$manifest" | sort >"$work/wanted"
  git -C "$1" for-each-ref '--format=%(objectname) %(refname)' | sort >"$work/found"
  cmp -s "$work/wanted" "$work/found" || die "the repository that came back has other refs"
  unfinished=
}

append() { # OBJECT TARGET IDENTITY SHA256
  case $1 in *.age) sealed=true ;; *) sealed=false ;; esac
  unseal "$3" "$sealed" <"$1" >"$2.part"
  [ "$(sha256sum <"$2.part" | cut -d' ' -f1)" = "$4" ] || die "$1 is damaged"
  cat "$2.part" >>"$2"
  rm "$2.part"
}

case $command in
  list)
    for manifest in "$folder"/systems/*/*/manifest.json; do
      [ -f "$manifest" ] || continue
      if (check_signature "$manifest") 2>>"$work/bad"; then
        jq -r '"\(.startedAt)  \(.system)  \(.type)  \(.id)  \(.position.gtid // "-")"' "$manifest" >>"$work/list"
      fi
    done
    [ ! -f "$work/list" ] || sort "$work/list"
    [ ! -s "$work/bad" ] || { cat "$work/bad" >&2; exit 1; }
    ;;
  verify)
    [ $# -ge 4 ] || die "verify FOLDER SYSTEM BACKUP"
    manifest_of "$3" "$4"
    for part in $(jq -r '.parts[].name' "$manifest"); do check_pieces "$part"; done
    echo "signature and every digest fit"
    ;;
  users)
    [ $# -ge 4 ] || die "users FOLDER SYSTEM BACKUP [IDENTITY]"
    manifest_of "$3" "$4"
    write_part users "${5-}" >"$work/users"
    leave_own_accounts <"$work/users"
    ;;
  dump)
    [ $# -ge 4 ] || die "dump FOLDER SYSTEM BACKUP [IDENTITY]"
    manifest_of "$3" "$4"
    [ "$(jq -r .method "$manifest")" != physical ] || die "backup $4 holds the server's files: use files"
    write_part data "${5-}"
    ;;
  log) [ $# -ge 5 ] || die "log FOLDER SYSTEM BACKUP OUTPUT [IDENTITY]"; manifest_of "$3" "$4"; write_log "$3" "$5" "${6-}" ;;
  files)
    [ $# -ge 5 ] || die "files FOLDER SYSTEM BACKUP OUTPUT [IDENTITY]"
    manifest_of "$3" "$4"
    case $(jq -r .kind "$manifest") in
      files) write_tree "$3" "$4" "$5" "${6-}" ;;
      mariadb) write_files "$3" "$4" "$5" "${6-}" ;;
      *) die "backup $4 holds no files: use code" ;;
    esac
    ;;
  logs) [ $# -ge 5 ] || die "logs FOLDER SYSTEM BACKUP OUTPUT [IDENTITY]"; manifest_of "$3" "$4"; write_logs "$3" "$4" "$5" "${6-}" ;;
  code) [ $# -ge 5 ] || die "code FOLDER SYSTEM BACKUP OUTPUT [IDENTITY]"; manifest_of "$3" "$4"; write_code "$5" "${6-}" ;;
  *) die "unknown command $command" ;;
esac
