// A Reader around another, which keeps what was read of which file: nothing else knows of it.
#pragma once

#include <memory>
#include <string>

#include "storage/read_record.h"
#include "storage/reader.h"

namespace cbtctl::storage {

// `target` and `prefix` + path are what the record calls a file. Every file is asked for by itself, with its status:
// nothing is decoded on the reader's workers, and no listing glances.
[[nodiscard]] std::unique_ptr<Reader> open_recording(std::shared_ptr<Reader> reader, std::shared_ptr<ReadRecord> record,
                                                     std::size_t target, std::string prefix = {});

}  // namespace cbtctl::storage
