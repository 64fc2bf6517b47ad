#include "storage/ssh_script.h"

namespace cbtctl::storage {

const std::string_view bootstrap_command = R"sh(exec /bin/sh -c 's=
while IFS= read -r l && [ "$l" != . ]; do s="$s$l
"; done
eval "$s"')sh";

// `read` takes byte by byte, so that the arguments after it stay in the pipe; a script that ends
// early (status 255) leaves none of them there. `head -c` may take more than it is told
// (BusyBox reads whole blocks), which is why nothing is sent after arguments until the end mark has come. A negative
// number of bytes is so many arguments as lines, few and short, behind which more may follow at once.
const std::string_view resident_script = R"sh(LC_ALL=C QUOTING_STYLE=literal nl='
'
get() {
  IFS= read -r c || exit 0
  p=
  while [ "$c" -gt 0 ]; do
    IFS= read -r l || exit 0
    p=$p$l c=$((c - 1))
    [ "$c" -eq 0 ] || p=$p$nl
  done
}
IFS= read -r t || exit 0
get
fmt="$t s %f %s %b %Y %Z %n $t %i %N"
lacks=
two="==> /dev/null <==$nl$nl==> /dev/null <=="
[ "$(printf 'a\0b\0' | head -c 4 | xargs -0 -n 1 echo 2>/dev/null)" = "a${nl}b" ] || lacks="$lacks xargs -0"
[ "$(head -c 1 /dev/null /dev/null 2>/dev/null)" = "$two" ] || lacks="$lacks head -c"
[ "$(tail -c 1 /dev/null /dev/null 2>/dev/null)" = "$two" ] || lacks="$lacks tail -c"
case $(stat -c "$fmt" / 2>/dev/null) in
  "$t s 4"*" / $t "*) ;;
  *) lacks="$lacks stat -c" ;;
esac
case $(find /dev/null -exec echo {} + -type d -prune 2>/dev/null) in
  /dev/null) ;;
  *) lacks="$lacks find -exec +" ;;
esac
printf '\n%s hello%s\n' "$t" "$lacks"
f= x=y
[ -d "$p" ] || { [ -f "$p" ] && f=y p=${p%/*}; }
if [ -n "$f$p" ] && cd -P -- "$p/" 2>/dev/null; then
  r=$PWD x=
  [ "$r" != / ] || r=
  [ -z "$f" ] || printf '%s file\n' "$t"
  printf '%s root %s\n' "$t" "$r"
elif [ -d "$p" ]; then
  printf '%s denied\n' "$t"
else
  printf '%s absent\n' "$t"
fi
printf '%s ready\n' "$t"
[ -z "$x" ] || exit 0
export LC_ALL QUOTING_STYLE t r fmt
while IFS=' ' read -r n m; do
  get
  if [ "$n" -le 0 ]; then
    q=$p
    set --
    while [ "$n" -lt 0 ]; do
      get
      set -- "$@" "$p"
      n=$((n + 1))
    done
    /bin/sh -c "$q" sh "$@" </dev/null
  else
    head -c "$n" | {
      xargs -0 -n "$m" /bin/sh -c "$p" sh
      s=$?
      cat >/dev/null
      exit "$s"
    }
  fi
  s=$?
  printf '\n%s end %s\n' "$t" "$s"
  printf '\n%s end\n' "$t" >&2
done
)sh";

const std::string_view list_script = R"sh(kept='
  -o -name .snapshot -o -name .snapshots -o -name ~snapshot -o -name .zfs -o -name #snapshot
  -o -name .ckpt -o -name #recycle -o -name @Recycle -o -name @Recently-Snapshot -o -name @eaDir
'
case "$r/" in
  */.snapshot/* | */.snapshots/* | */~snapshot/* | */.zfs/* | */"#snapshot"/*) kept= ;;
  */.ckpt/* | */"#recycle"/* | */@Recycle/* | */@Recently-Snapshot/* | */@eaDir/*) kept= ;;
esac
while [ $# -gt 0 ]; do
  printf '%s l\n' "$t"
  printf '%s l\n' "$t" >&2
  if [ -L "$r/$2" ]; then
    e=link
  elif cd -P -- "$r/$2" 2>/dev/null; then
    e=outside
    case "$PWD/" in "$r"/*) e= ;; esac
    [ -n "$e" ] || [ -r . ] || e=denied
  elif [ -d "$r/$2" ]; then
    e=denied
  elif [ -e "$r/$2" ]; then
    e=file
  else
    e=missing
  fi
  case "$e$1" in
    1) find . ! -name . -prune -exec stat -c "$fmt" {} + </dev/null ;;
    2) find . -exec stat -c "$fmt" {} + -type d \( -name .cbtctl -o -name '*.sf' $kept \) -prune </dev/null ;;
    *) printf '%s e %s\n' "$t" "$e" ;;
  esac
  shift 2
done
)sh";

const std::string_view fetch_script = R"sh(n=${1%,*} m=${1#*,}
shift
i=0 k= all= files= last= in=
for p; do
  i=$((i + 1))
  [ -n "$p" ] || { k=$k-; continue; }
  d=${p%/*}
  if [ "$d" != "$last" ]; then
    last=$d
    if cd -P -- "$d/" 2>/dev/null; then
      case "$PWD/" in
        "$r"/*) in=y ;;
        *) in=x ;;
      esac
      cd -P -- "$r/"
    elif [ -d "$d" ]; then
      in=a
    else
      in=m
    fi
  fi
  [ $in = y ] || { k=$k$in; continue; }
  if [ -L "$p" ]; then k=${k}l
  elif [ -f "$p" ]; then k=${k}f files="$files \"\${$i}\""
  elif [ -d "$p" ]; then k=${k}d
  elif [ -e "$p" ]; then k=${k}o
  else k=${k}m; continue
  fi
  all="$all \"\${$i}\""
done
printf '%s k %s\n' "$t" "$k"
[ -z "$all" ] || eval "stat -c \"\$fmt\" $all"
[ -n "$files" ] || exit 0
[ "$n" = 0 ] || { printf '%s h\n' "$t"; eval "head -c \"\$n\" $files /dev/null"; }
[ "$m" = 0 ] || { printf '%s t\n' "$t"; eval "tail -c \"\$m\" $files /dev/null"; }
exit 0
)sh";

const std::string_view known_files_script = R"sh(n=$1
shift
printf '%s w ' "$t"
last=
for p; do
  d=${p%/*}
  [ "$d" != "$last" ] || continue
  last=$d
  cd -P -- "$r/$d/" 2>/dev/null || n=
  case "$PWD/" in "$r"/*) ;; *) n= ;; esac
done
cd -P -- "$r/"
case $n in
  '') ;;
  0) find "$@" -prune -type f -exec tail -c +1 /dev/null {} + ;;
  *) find "$@" -prune -type f -exec head -c "$n" /dev/null {} + ;;
esac 2>/dev/null
printf '\n==> /dev/null <==\n'
exit 0
)sh";

const std::string_view probe_folders_script = R"sh(for p; do
  e=$(ls -a "$p" 2>&1 >/dev/null) && e=
  printf '%s p %s\n' "$t" "$e"
done
)sh";

}  // namespace cbtctl::storage
