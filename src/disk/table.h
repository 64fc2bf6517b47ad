// The table of a CTK file by several threads, where that is faster: large, and on this machine. A source that reads
// ahead is read in order, by one.
#pragma once

#include <cstddef>

#include "formats/ctk/table.h"

namespace cbtctl::disk {

// What formats::ctk::total answers.
[[nodiscard]] formats::core::Result<formats::ctk::TableTotals> total(const formats::core::ByteSource& file,
                                                                     const formats::ctk::TableShape& shape);

// What formats::ctk::visit_changed tells; `sink` is called from this thread. Takes up to 60 MiB, where no two
// neighbours are alike.
[[nodiscard]] formats::core::Status visit_changed(const formats::core::ByteSource& file,
                                                  const formats::ctk::TableShape& shape,
                                                  const formats::ctk::ChangeQuery& query,
                                                  const formats::ctk::ExtentSink& sink);

// The same by so many threads at most, whatever the machine has.
[[nodiscard]] formats::core::Result<formats::ctk::TableTotals> total_by(std::size_t threads,
                                                                        const formats::core::ByteSource& file,
                                                                        const formats::ctk::TableShape& shape);
[[nodiscard]] formats::core::Status visit_changed_by(std::size_t threads, const formats::core::ByteSource& file,
                                                     const formats::ctk::TableShape& shape,
                                                     const formats::ctk::ChangeQuery& query,
                                                     const formats::ctk::ExtentSink& sink);

}  // namespace cbtctl::disk
