#include "storage/ssh_write_script.h"

#include <string>

namespace cbtctl::storage {
namespace {

// Stands in the folder of a path, $w, and sets f to the file's name there; e says why it cannot.
constexpr std::string_view walking = R"sh(walk() {
  e= d= f=${1##*/}
  case $1 in */*) d=${1%/*} ;; esac
  w=$r${d:+/}$d
  if [ "$r" = /vmfs/volumes ] && [ -L "$r/${d%%/*}" ] && cd -P -- "$r/${d%%/*}" 2>/dev/null; then
    case ${PWD#"$r"/} in
      /* | */*) ;;
      *) w=$PWD${d#"${d%%/*}"} ;;
    esac
  fi
  if ! cd -P -- "$w" 2>/dev/null; then
    e=missing
    [ ! -d "$w" ] || e='Permission denied'
  elif [ "$PWD" != "$w" ]; then
    e=outside
  fi
  [ -z "$e" ]
}
)sh";

constexpr std::string_view asking = R"sh(at() {
  walk "$1"
  f=./$f
  [ -z "$e" ]
}
exec </dev/null
for q; do
  p=${q#?}
  if [ "${q%"$p"}" = n ]; then
    if at "$p/."; then
      printf '%s n ' "$t"
      for f in .* *; do
        case $f in . | ..) continue ;; esac
        [ ! -e "$f" ] && [ ! -L "$f" ] || printf '%s/' "$f"
      done
      printf '\n'
    fi
  elif at "$p"; then
    if [ ! -e "$f" ] && [ ! -L "$f" ]; then e=missing
    elif [ "${q%"$p"}" = s ]; then stat -c "$fmt" "$f"
    elif [ -L "$f" ]; then e=outside
    elif [ ! -f "$f" ]; then e=folder
    elif [ "${q%"$p"}" = d ]; then
      o=$({ sha256sum <"$f"; } 2>&1) && printf '%s d %s\n' "$t" "${o%% *}" || e=$o
    elif o=$(head -c 1 "$f" 2>&1 >/dev/null); then
      printf '%s %s ' "$t" "${q%"$p"}"
      case $q in
        h*) head -c 512 "$f" ;;
        *) cat "$f" ;;
      esac
      printf '\n'
    else
      e=$o
    fi
  fi
  [ -z "$e" ] || printf '%s e %s\n' "$t" "$e"
done
)sh";

// Paths that were walked are named absolutely: the two of a change lie in different folders.
constexpr std::string_view changing = R"sh(good() {
  printf '%s y\n' "$t"
  exit 0
}
fail() {
  case $op in U | D) good ;; esac
  printf '%s x %s\n' "$t" "$1"
  exit 255
}
at() {
  walk "$1" || fail "$e"
  f=$w/$f
}
is_file() {
  [ ! -L "$1" ] || fail outside
  [ -e "$1" ] || fail missing
  [ -f "$1" ] || fail folder
}
is_new() { [ ! -e "$1" ] && [ ! -L "$1" ] || fail exists; }
[ $# -eq 6 ] && [ "$6" = . ] || exit 255
exec </dev/null
umask 077
op=
[ -z "$5" ] || [ -f "$r/$5" ] || fail lock
op=$1
[ "$1" = y ] || at "$2"
a=$f
case $1 in
  F)
    is_new "$a"
    o=$(mkdir "$a" 2>&1) || fail "$o"
    ;;
  f) [ -d "$a" ] && [ ! -L "$a" ] || o=$(mkdir "$a" 2>&1) || [ -d "$a" ] || fail "$o" ;;
  n)
    is_new "$a"
    if [ -n "$3" ]; then
      at "$3"
      is_file "$f"
    fi
    o=$({ set -C && printf '%b' "$4" >"$a"; } 2>&1) || {
      case $o in *'File exists'*) fail exists ;; esac
      rm -f "$a"
      fail "$o"
    }
    if [ -n "$3" ]; then
      l=$(stat -c '%u:%g %a' "$f")
      [ "${l% *}" = "$(stat -c %u:%g "$a")" ] || chown "${l% *}" "$a" 2>/dev/null || { rm -f "$a"; fail owner; }
      o=$(chmod "${l#* }" "$a" 2>&1) || { rm -f "$a"; fail "$o"; }
    fi
    ;;
  a)
    is_file "$a"
    o=$({ printf '%b' "$4" >>"$a"; } 2>&1) || { rm -f "$a"; fail "$o"; }
    ;;
  k)
    is_file "$a"
    at "$3"
    is_new "$f"
    rm -f "$f.new"
    o=$({ cp -p "$a" "$f.new" && mv "$f.new" "$f"; } 2>&1) || { rm -f "$f.new"; fail "$o"; }
    ;;
  r)
    is_file "$a"
    at "$3"
    is_file "$f"
    o=$(mv -f "$a" "$f" 2>&1) || fail "$o"
    ;;
  m)
    [ -e "$a" ] || [ -L "$a" ] || fail missing
    at "$3"
    is_new "$f"
    o=$(mv "$a" "$f" 2>&1) || fail "$o"
    ;;
  u | U)
    [ -e "$a" ] || [ -L "$a" ] || fail missing
    o=$(rm -f "$a" 2>&1) || fail "$o"
    ;;
  d | D)
    [ -d "$a" ] || fail missing
    o=$(rmdir "$a" 2>&1) || fail "$o"
    ;;
  =)
    is_file "$a"
    o=$({ sha256sum <"$a"; } 2>&1) || fail "$o"
    [ "${o%% *}" = "$4" ] || fail changed
    ;;
  y) sync ;;
  *) exit 255 ;;
esac
good
)sh";

}  // namespace

std::string_view question_script() {
  static const std::string text = std::string(walking) + std::string(asking);
  return text;
}

std::string_view change_script() {
  static const std::string text = std::string(walking) + std::string(changing);
  return text;
}

}  // namespace cbtctl::storage
