// Where memory comes from: mimalloc, in pages of 2 MiB where the kernel gives them. A scan makes a million small things
// on several threads at once, and with the C library's allocator a good part of its time is faults of 4 KiB each.
#include <mimalloc.h>

namespace {

// Before main: the library reads these options when it fetches memory for more than the start of the program.
[[gnu::constructor(101)]] void prefer_large_pages() {
  mi_option_enable(mi_option_large_os_pages);
#if MI_MALLOC_VERSION < 300  // version 3 always commits what it fetches at once
  mi_option_set(mi_option_eager_commit_delay, 0);
#endif
}

}  // namespace
