// The fuzz targets as a plain test: over every small fixture, each cut at many places and with bytes turned over by a
// fixed seed. tools/fuzz/run is the long form.
#include "tests/support/catch.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <set>
#include <string>

#include "formats/identify.h"
#include "tools/fuzz/targets.h"

namespace {

std::string content_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void run_all(const std::string& bytes) {
  for (const fuzz::Target& target : fuzz::targets()) target.run(std::as_bytes(std::span(bytes)));
}

// The bytes as they are, cut at many places, and with some turned over.
void run_damaged(const std::string& whole, std::mt19937& random) {
  run_all(whole);
  for (int round = 0; round < 20; ++round) {
    run_all(whole.substr(0, random() % whole.size()));
    std::string turned = whole;
    for (int flips = 0; flips < 4; ++flips) turned[random() % turned.size()] = static_cast<char>(random());
    run_all(turned);
  }
}

}  // namespace

TEST_CASE("no parser crashes or breaks its promise on a damaged fixture") {
  constexpr std::uintmax_t most_bytes = 8192;
  std::mt19937 random(1);
  std::set<formats::FileKind> kinds;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(std::filesystem::path(CBTCTL_SOURCE_DIR) / "fixtures")) {
    if (entry.is_symlink() || !entry.is_regular_file() || entry.file_size() > most_bytes) continue;
    const std::string whole = content_of(entry.path());
    if (whole.empty()) continue;
    kinds.insert(formats::identify(std::as_bytes(std::span(whole)), entry.path().filename().string()));
    run_damaged(whole, random);
  }
  using enum formats::FileKind;
  CHECK(kinds == std::set{vmx, vmsd, descriptor, cowd, sesparse, hosted_sparse, ctk, data});
}

TEST_CASE("nor on damaged names of a run") {
  std::mt19937 random(1);
  for (const char* name : {"20260131T093000Z-1f2e.fffffffffffffffffff-1-1-1-1.a.vmx", "20260131T093000Z-1f2e",
                           "20260131T093000Z-1f2e.2b4f-a7eb4-4b4dde3d-6404698c-5e44cfb4.one.vmx",
                           "one.vmx.2b4f-a7eb4-4b4dde3d-6404698c-5e44cfb4.new", "x.vmx.1-1-1-1-1.new"})
    run_damaged(name, random);
}

TEST_CASE("nor on a host's damaged answers") {
  std::mt19937 random(1);
  std::size_t files = 0;
  const std::filesystem::path captures = std::filesystem::path(CBTCTL_SOURCE_DIR) / "tests/host/captures";
  for (const auto& entry : std::filesystem::directory_iterator(captures)) {
    run_damaged(content_of(entry.path()), random);
    ++files;
  }
  CHECK(files == 4);
}
