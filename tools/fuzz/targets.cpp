#include "tools/fuzz/targets.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>
#include <memory>
#include <string>

#include "disk/extent.h"
#include "formats/core/byte_source.h"
#include "formats/core/checked.h"
#include "formats/ctk/bitmap.h"
#include "formats/ctk/table.h"
#include "formats/ctk/tracking_file.h"
#include "formats/identify.h"
#include "formats/partition/table.h"
#include "formats/vmdk/descriptor.h"
#include "formats/vmdk/grain_tables.h"
#include "formats/vmdk/sparse.h"
#include "formats/vmsd/snapshots.h"
#include "formats/vmx/configuration.h"
#include "host/facts.h"
#include "host/locks.h"
#include "host/machines.h"
#include "host/tasks.h"
#include "host/volumes.h"
#include "repair/lock.h"

namespace fuzz {
namespace {

using formats::core::SpanSource;
using formats::text::Document;

void require(bool holds) {
  if (!holds) std::abort();
}

Document document_of(std::span<const std::byte> bytes) { return Document::decode(formats::core::text_of(bytes)); }

void text(std::span<const std::byte> bytes) {
  Document document = document_of(bytes);
  require(document.encode() == formats::core::text_of(bytes));
  if (document.entries().empty()) return;
  const std::size_t entries = document.entries().size();
  const std::string key(document.entries().back().key);
  document.set_value(document.entries().back(), "a \"quoted|value\" # of mine");
  require(document.entries().size() == entries);
  require(document.entries().back().value == "a \"quoted|value\" # of mine");
  require(document.entries().back().key == key);
  document.append("added", "1");
  require(document.value("added").has_value());
}

void vmx(std::span<const std::byte> bytes) { static_cast<void>(formats::vmx::decode(document_of(bytes)).has_value()); }
void vmsd(std::span<const std::byte> bytes) {
  static_cast<void>(formats::vmsd::decode(document_of(bytes)).has_value());
}

void descriptor(std::span<const std::byte> bytes) {
  const auto decoded = formats::vmdk::decode_descriptor(document_of(bytes));
  if (decoded) static_cast<void>(decoded->check().size() + decoded->capacity_bytes().value_or(0));
}

void sparse(std::span<const std::byte> bytes) {
  const auto decoded = formats::vmdk::decode_sparse(SpanSource(bytes));
  if (decoded) static_cast<void>(formats::vmdk::check(*decoded, bytes.size(), decoded->capacity_bytes()).size());
}

void grains(std::span<const std::byte> bytes) {
  const SpanSource source(bytes);
  const auto decoded = formats::vmdk::decode_sparse(source);
  if (!decoded) return;
  const auto layout = formats::vmdk::layout_of(*decoded, source);
  if (!layout || layout->table_entries > 65536) return;
  const auto defects = formats::vmdk::check_tables(source, *layout);
  require(defects && defects->size() <= formats::vmdk::most_defects + 1);
  for (const auto& defect : *defects) require(!defect.message.empty());
  std::array<std::uint64_t, 64> directory{};
  const auto known = std::span(directory).first(std::min<std::size_t>(64, layout->tables()));
  require(formats::vmdk::read_directory(source, *layout, 0, known).has_value());
  std::vector<std::uint64_t> table(layout->table_entries);
  for (const std::uint64_t at : known) {
    if (at == formats::vmdk::place_absent || at == formats::vmdk::place_damaged) continue;
    require(formats::vmdk::read_table(source, *layout, at, table).has_value());
    require(formats::vmdk::run_length(table, *layout) >= 1);
  }
}

// An extent as a disk is read: every run of it, and the first bytes of each.
void extent(std::span<const std::byte> bytes) {
  const auto source = std::make_shared<SpanSource>(bytes);
  const auto header = formats::vmdk::decode_sparse(*source);
  if (!header) return;
  constexpr std::uint64_t most_sectors = 1 << 20;
  const std::uint64_t sectors = std::min(header->capacity_bytes() / 512 + 1, most_sectors);
  const auto opened =
      cbtctl::disk::open_extent({.sectors = sectors, .kind = formats::vmdk::ExtentKind::sparse}, source);
  if (!opened) return;
  static_cast<void>((*opened)->check(cbtctl::disk::Scrutiny::everything).has_value());
  std::array<std::byte, 4096> buffer{};
  constexpr int most_runs = 2000;
  int runs = 0;
  for (std::uint64_t at = 0; at < sectors * 512 && runs < most_runs; ++runs) {
    const auto run = (*opened)->run_at(at, sectors * 512 - at);
    require(run.length_bytes >= 1 && run.length_bytes <= sectors * 512 - at);
    const auto out = std::span(buffer).first(std::min<std::size_t>(buffer.size(), run.length_bytes));
    using cbtctl::disk::Allocation;
    if (run.allocation == Allocation::unreadable) require(!(*opened)->read(run, at, out));
    if (run.allocation == Allocation::data) static_cast<void>((*opened)->read(run, at, out).has_value());
    at += run.length_bytes;
  }
}

void ctk(std::span<const std::byte> bytes) {
  const auto header = formats::ctk::decode(bytes);
  if (!header) return;
  const auto reading = formats::ctk::read(*header, bytes.size(), {.with_fields = true});
  std::uint64_t covered = 0;
  for (const auto& field : reading.fields) {
    require(field.offset_bytes == covered);
    covered += field.size_bytes;
  }
  require(covered == formats::ctk::header_bytes);
  const auto shape = formats::ctk::table_shape(reading);
  if (!shape || shape->blocks > 1 << 20) return;
  std::uint64_t end = 0;
  std::uint64_t changed = 0;
  const auto visited = formats::ctk::visit_changed(SpanSource(bytes), *shape, {.since = 1}, [&](auto extents) {
    for (const auto& extent : extents) {
      require(extent.offset_bytes >= end && extent.length_bytes > 0);
      end = extent.offset_bytes + extent.length_bytes;
      require(end <= shape->capacity_bytes);
      changed += formats::core::divide_up(extent.length_bytes, shape->block_bytes);
    }
  });
  std::uint64_t bits = 0;
  const auto packed = formats::ctk::visit_bitmap(SpanSource(bytes), *shape, 1, [&](auto piece) {
    for (const std::byte byte : piece)
      bits += static_cast<std::uint64_t>(std::popcount(std::to_integer<unsigned>(byte)));
    return formats::core::success();
  });
  require(visited.has_value() == packed.has_value());
  require(!visited || changed == bits);
  static_cast<void>(formats::ctk::total(SpanSource(bytes), *shape).has_value());
}

void partition(std::span<const std::byte> bytes) {
  const auto partitions = formats::partition::read_partitions(SpanSource(bytes));
  require(partitions && partitions->size() <= formats::partition::most_partitions);
  for (const auto& each : *partitions) {
    require(each.length_bytes > 0 && each.offset_bytes < bytes.size());
    require(each.length_bytes <= bytes.size() - each.offset_bytes);
  }
}

void identify(std::span<const std::byte> bytes) { static_cast<void>(formats::identify(bytes, "x.vmdk")); }

// The answers of a host, framed by "w", and each parser on the whole text too.
void host(std::span<const std::byte> bytes) {
  const std::string text = formats::core::text_of(bytes);
  const auto answers = cbtctl::host::split_answers({.output = text, .errors = text}, "w");
  if (answers) static_cast<void>(cbtctl::host::facts_of(*answers).version.has_value());
  const cbtctl::host::Answer whole{.name = "x", .source = "x", .status = 0, .text = text, .errors = {}};
  if (const auto found = cbtctl::host::parse_registered(whole)) {
    for (const auto& machine : found->machines) require(!machine.id.empty() && machine.path.starts_with('/'));
  }
  if (const auto found = cbtctl::host::parse_running(whole)) {
    for (const auto& machine : *found) require(machine.path.starts_with('/'));
  }
  if (const auto found = cbtctl::host::parse_volumes(whole)) {
    for (const auto& volume : *found) require(!volume.uuid.empty());
  }
  static_cast<void>(cbtctl::host::parse_tasks(whole).has_value());
  static_cast<void>(cbtctl::host::parse_lock(whole).has_value());
}

// Names that anybody may have given to files on a datastore.
void names(std::span<const std::byte> bytes) {
  namespace repair = cbtctl::repair;
  const std::string text = formats::core::text_of(bytes);
  if (const auto marker = repair::marker_from(text)) {
    require(repair::is_run_id(marker->run) && repair::process_of(marker->token) > 0);
    static_cast<void>(repair::life_of(marker->token));
  }
  if (const auto at_work = repair::at_work_from(text)) static_cast<void>(repair::life_of(at_work->token));
  if (repair::is_run_id(text)) require(repair::is_run_id(repair::new_run_id(text)));
  static_cast<void>(repair::life_of(text));
  static_cast<void>(repair::plan_from_text(text).has_value());
}

constexpr std::array all{Target{"text", text},
                         Target{"vmx", vmx},
                         Target{"vmsd", vmsd},
                         Target{"descriptor", descriptor},
                         Target{"sparse", sparse},
                         Target{"grains", grains},
                         Target{"ctk", ctk},
                         Target{"identify", identify},
                         Target{"extent", extent},
                         Target{"host", host},
                         Target{"partition", partition},
                         Target{"names", names}};

}  // namespace

std::span<const Target> targets() { return all; }

}  // namespace fuzz
