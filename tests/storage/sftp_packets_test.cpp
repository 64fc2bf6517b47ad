// How a packet is known before it is whole: what is missing of it, and whose bytes a Data answer brings.
#include "storage/sftp_packets.h"

#include "tests/support/catch.h"

using namespace cbtctl::storage;

namespace {

// Length 14: type 103, id 7, 5 bytes.
const std::string data("\0\0\0\x0e\x67\0\0\0\x07\0\0\0\x05hello", 18);
// Length 9: type 104, id 7, no names.
const std::string names("\0\0\0\x09\x68\0\0\0\x07\0\0\0\0", 13);

}  // namespace

TEST_CASE("what is missing of an SFTP packet is its length, its head, then the rest") {
  CHECK(sftp::missing_bytes("") == 4);
  CHECK(sftp::missing_bytes(data.substr(0, 3)) == 1);
  CHECK(sftp::missing_bytes(data.substr(0, 4)) == 9);
  CHECK(sftp::missing_bytes(data.substr(0, 13)) == 5);
  CHECK(sftp::missing_bytes(data.substr(0, 17)) == 1);
  CHECK(sftp::missing_bytes(names.substr(0, 5)) == 8);
  CHECK(sftp::missing_bytes(std::string("\0\0\0\x02\x01", 5)) == 1);  // shorter than any head
}

TEST_CASE("the head of a Data answer tells whose bytes follow and how many") {
  for (std::size_t length = 0; length < sftp::data_head_bytes; ++length)
    CHECK_FALSE(sftp::data_head(data.substr(0, length)));
  const auto head = sftp::data_head(data.substr(0, sftp::data_head_bytes));
  REQUIRE(head);
  CHECK(head->id == 7);
  CHECK(head->length_bytes == 5);
  CHECK_FALSE(sftp::data_head(names));
  std::string contradicting = data;
  contradicting[12] = 6;
  CHECK_FALSE(sftp::data_head(contradicting));
}
