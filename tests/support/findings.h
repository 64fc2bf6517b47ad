// The findings of a datastore in memory, by their code, for tests of rules.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <string>

#include "analysis/analyzer.h"
#include "analysis/catalogue.h"
#include "tests/support/datastore.h"

namespace support {

using Files = std::map<std::string, std::string>;

struct Checked {
  Datastore datastore;
  cbtctl::analysis::Findings findings;

  [[nodiscard]] std::size_t count(std::string_view code) const {
    return static_cast<std::size_t>(
        std::count_if(findings.found.begin(), findings.found.end(),
                      [&](const auto& finding) { return cbtctl::analysis::row_of(finding.code).name == code; }));
  }
  [[nodiscard]] bool has(std::string_view code) const { return count(code) > 0; }
  // The first of that code; a default one where there is none.
  [[nodiscard]] cbtctl::analysis::Finding first(std::string_view code) const {
    for (const auto& finding : findings.found) {
      if (cbtctl::analysis::row_of(finding.code).name == code) return finding;
    }
    return {};
  }
  [[nodiscard]] std::string path(std::string_view code) const { return first(code).path; }
};

inline Checked check(Datastore datastore) {
  auto findings = cbtctl::analysis::analyze(datastore);
  return {std::move(datastore), std::move(findings)};
}
inline Checked check(const Files& files) { return check(scan(files)); }

inline Files with(Files files, const Files& more) {
  for (const auto& [path, content] : more) files[path] = content;
  return files;
}
inline Files without(Files files, const std::string& path) {
  files.erase(path);
  return files;
}

// A 1 MiB disk, so that its flat extent can lie in memory.
inline constexpr std::uint64_t small_sectors = 2048;
inline std::string small_flat() { return std::string(small_sectors * 512, '\0'); }
inline std::string small_tracking(std::uint64_t sectors = small_sectors) { return tracking(sectors); }
inline std::string small_descriptor(const std::string& extent, const std::string& ctk = {},
                                    const std::string& more = {}) {
  return "# Disk DescriptorFile\nversion=" + std::string(ctk.empty() ? "1" : "3") +
         "\nCID=1b77e0d4\nparentCID=ffffffff\n" + "createType=\"vmfs\"\nRW 2048 VMFS \"" + extent + "\"\n" +
         (ctk.empty() ? "" : "changeTrackPath=\"" + ctk + "\"\n") + more;
}
inline std::string small_delta(const std::string& extent, const std::string& parent, const std::string& ctk = {},
                               const std::string& parent_cid = "1b77e0d4") {
  return "# Disk DescriptorFile\nversion=" + std::string(ctk.empty() ? "1" : "3") +
         "\nCID=9f2c11aa\nparentCID=" + parent_cid + "\nparentFileNameHint=\"" + parent +
         "\"\ncreateType=\"vmfsSparse\"\nRW 2048 VMFSSPARSE \"" + extent + "\"\n" +
         (ctk.empty() ? "" : "changeTrackPath=\"" + ctk + "\"\n");
}
// An empty COWD extent of that disk.
inline std::string small_cowd(std::uint32_t sectors = small_sectors) {
  std::string bytes(5 * 512, '\0');
  const std::uint32_t words[] = {0x44574F43, 1, 3, sectors, 1, 4, 1, 5};
  for (std::size_t i = 0; i < 8; ++i) {
    for (std::size_t byte = 0; byte < 4; ++byte) bytes[i * 4 + byte] = static_cast<char>(words[i] >> (8 * byte));
  }
  return bytes;
}
inline std::string snapshots(const std::string& frozen) {
  return ".encoding = \"UTF-8\"\nsnapshot.lastUID = \"1\"\nsnapshot.current = \"1\"\nsnapshot0.uid = "
         "\"1\"\nsnapshot0.numDisks = \"1\"\n"
         "snapshot0.disk0.fileName = \"" +
         frozen + "\"\nsnapshot0.disk0.node = \"scsi0:0\"\nsnapshot.numSnapshots = \"1\"\n";
}

// x/x.vmx, tracked, nothing wrong.
inline Files healthy() {
  return {{"x/x.vmx", vmx("x.vmdk", both_keys)},
          {"x/x.vmdk", small_descriptor("x-flat.vmdk", "x-ctk.vmdk")},
          {"x/x-flat.vmdk", small_flat()},
          {"x/x-ctk.vmdk", small_tracking()}};
}
// The same off, and with a snapshot.
inline Files off() {
  return without(with(healthy(), {{"x/x.vmx", vmx("x.vmdk")}, {"x/x.vmdk", small_descriptor("x-flat.vmdk")}}),
                 "x/x-ctk.vmdk");
}
inline Files with_snapshot() {
  return with(healthy(), {{"x/x.vmx", vmx("x-000001.vmdk", both_keys)},
                          {"x/x.vmsd", snapshots("x.vmdk")},
                          {"x/x-000001.vmdk", small_delta("x-000001-delta.vmdk", "x.vmdk", "x-000001-ctk.vmdk")},
                          {"x/x-000001-delta.vmdk", small_cowd()},
                          {"x/x-000001-ctk.vmdk", small_tracking()}});
}
inline std::string log_of(const std::string& version, const std::string& build) {
  return "2024| vmx| I125: Log for VMware ESX pid=1 version=" + version + " build=build-" + build + " option=Release\n";
}

}  // namespace support
