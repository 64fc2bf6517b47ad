// Where memory comes from: mimalloc, in pages of 2 MiB where the kernel gives them. A scan makes a million small things
// on several threads at once; the C library's allocator took a third of its time, mostly in faults of 4 KiB each.
#include <mimalloc.h>

namespace {

// Before everything else: it is asked once, when the first piece of memory is fetched.
[[gnu::constructor(101)]] void prefer_large_pages() {
  mi_option_enable(mi_option_large_os_pages);
  mi_option_set(mi_option_eager_commit_delay, 0);
}

}  // namespace
