#include "host/scripts.h"

namespace cbtctl::host {

const std::string_view facts_script = R"(w=$1
limit=
if timeout 9 true; then limit='timeout 25'
elif timeout -t 9 true; then limit='timeout -t 25'
fi 2>/dev/null
ask() {
  printf '\n%s ask %s\n' "$w" "$*"
  printf '\n%s ask %s\n' "$w" "$*" >&2
  shift
  $limit "$@" </dev/null
  s=$?
  printf '\n%s end %s\n' "$w" "$s"
  return "$s"
}
ask version vmware -v || ask version esxcli system version get || ask version localcli system version get
ask machines vim-cmd vmsvc/getallvms
ask running esxcli vm process list || ask running localcli vm process list
ask tasks vim-cmd vimsvc/task_list
ask volumes esxcli storage filesystem list || ask volumes localcli storage filesystem list
exit 0
)";

const std::string_view locks_script = R"(for a; do
  w=${a%%/*} p=/${a#*/}
  printf '\n%s ask lock vmkfstools -D\n' "$w"
  printf '\n%s ask lock vmkfstools -D\n' "$w" >&2
  o=$(vmkfstools -D "$p" </dev/null)
  s=$?
  printf '%s\n\n%s end %s\n' "$o" "$w" "$s"
  case $o in *'Lock [type '*) continue ;; esac
  printf '\n%s ask lock-owner vmfsfilelockinfo -p\n' "$w"
  printf '\n%s ask lock-owner vmfsfilelockinfo -p\n' "$w" >&2
  vmfsfilelockinfo -p "$p" </dev/null
  printf '\n%s end %s\n' "$w" "$?"
done
exit 0
)";

const std::string_view states_script = R"(limit=
if timeout 9 true; then limit='timeout 25'
elif timeout -t 9 true; then limit='timeout -t 25'
fi 2>/dev/null
ask() {
  printf '\n%s ask %s\n' "$w" "$1 $2 $3"
  printf '\n%s ask %s\n' "$w" "$1 $2 $3" >&2
  shift
  o=$($limit "$@" </dev/null)
  s=$?
  printf '%s\n\n%s end %s\n' "$o" "$w" "$s"
}
for a; do
  w=${a%%[/:]*}
  case $a in
    "$w":*)
      ask summary vim-cmd vmsvc/get.summary "${a#*:}"
      ask tasks vim-cmd vmsvc/get.tasklist "${a#*:}"
      ;;
    *)
      ask lock vmkfstools -D "/${a#*/}"
      case $o in *'Lock [type '*) ;; *) ask lock-owner vmfsfilelockinfo -p "/${a#*/}" ;; esac
      ;;
  esac
done
exit 0
)";

const std::string_view reload_script = R"(w=${1%%:*} i=${1#*:}
ask() {
  printf '\n%s ask %s\n' "$w" "$*"
  printf '\n%s ask %s\n' "$w" "$*" >&2
  shift
  "$@" </dev/null
  printf '\n%s end %s\n' "$w" "$?"
}
ask reload vim-cmd vmsvc/reload "$i"
ask config vim-cmd vmsvc/get.config "$i"
exit 0
)";

}  // namespace cbtctl::host
