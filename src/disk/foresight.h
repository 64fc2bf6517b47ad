// What is read next, told to the files that hold it: a file on a host then asks for all of it at once.
#pragma once

#include <map>
#include <vector>

#include "disk/chain.h"

namespace cbtctl::disk {

class Foresight {
 public:
  // `piece` will be read. A compressed grain is passed over: nothing tells its length.
  void add(const MapWalker::Piece& piece);
  // Tells each extent what was added since the last time. The chain must still be there.
  void tell();

 private:
  std::map<const Extent*, std::vector<formats::core::ByteRange>> ranges_;
};

}  // namespace cbtctl::disk
