// Decodes one file, whatever it is; the name is a hint between text kinds.
#pragma once

#include <functional>
#include <string>

#include "model/inspected_file.h"

namespace cbtctl::discovery {

[[nodiscard]] model::InspectedFile inspect(const formats::core::ByteSource& source, const std::string& path);

// How the totals of a table are had: formats::ctk::total, or what answers the same.
using Totals = std::function<formats::core::Result<formats::ctk::TableTotals>(const formats::core::ByteSource&,
                                                                              const formats::ctk::TableShape&)>;

// Takes the file for a CTK file: header field by field, and the table's totals where the header is understood, by the
// capacity of the disk that it belongs to where that is known. A file without the signature comes back with its kind
// and no reading.
[[nodiscard]] model::InspectedFile inspect_tracking(const formats::core::ByteSource& source, const std::string& path,
                                                    const Totals& total,
                                                    std::optional<std::uint64_t> disk_sectors = {});

}  // namespace cbtctl::discovery
