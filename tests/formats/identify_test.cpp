#include "tests/support/catch.h"

#include "formats/identify.h"

using formats::FileKind;
using formats::identify;

namespace {

FileKind kind(const std::string& head, const std::string& name) {
  return identify(std::as_bytes(std::span(head)), name);
}

}  // namespace

TEST_CASE("content decides what a file is, whatever it is called") {
  CHECK(kind("# Disk DescriptorFile\nversion=1\n", "web-ctk.vmdk") == FileKind::descriptor);
  CHECK(kind("# Disk DescriptorFile\nversion=1\n", "x-flat.vmdk") == FileKind::descriptor);
  CHECK(kind("\xa2\x72\x19\xf6", "x.vmdk") == FileKind::ctk);
  CHECK(kind("COWD", "x.vmx") == FileKind::cowd);
  CHECK(kind("KDMV\x01", "x.vmx") == FileKind::hosted_sparse);
  CHECK(kind(std::string("\xbe\xba\xfe\xca\0\0\0\0", 8), "x") == FileKind::sesparse);
  CHECK(kind("displayName = \"x\"\n", "x.vmdk") == FileKind::vmx);
  CHECK(kind("snapshot0.uid = \"1\"\n", "x.vmx") == FileKind::vmsd);
}

TEST_CASE("the name decides only between texts that show nothing else") {
  CHECK(kind(".encoding = \"UTF-8\"\n", "x.vmsd") == FileKind::vmsd);
  CHECK(kind(".encoding = \"UTF-8\"\n", "x.vmx") == FileKind::vmx);
  CHECK(kind(".encoding = \"UTF-8\"\n", "x.vmdk") == FileKind::data);
}

TEST_CASE("a descriptor ends at its first NUL byte, whatever is behind it; any other text with one is none") {
  CHECK(kind(std::string("# Disk DescriptorFile\nversion=1\n\0\0\0", 36), "x.vmdk") == FileKind::descriptor);
  CHECK(kind(std::string("# Disk DescriptorFile\nversion=1\n\0\1\0", 36), "x.vmdk") == FileKind::descriptor);
  CHECK(kind(std::string("CID=7475b330\nversion=1\ncreateType=\"vmfs\"\n\0\0\0", 44), "x.vmdk") == FileKind::data);
}

TEST_CASE("no bytes and binary bytes are empty and data") {
  CHECK(kind("", "x.vmx") == FileKind::empty);
  CHECK(kind(std::string("config.version = \"8\"\n\0", 22), "x.vmx") == FileKind::data);
}
