#include "discovery/names.h"

#include <map>
#include <string>
#include "tests/support/catch.h"

using namespace cbtctl::discovery;

TEST_CASE("a name tells what is read first, in any case") {
  const std::map<std::string, NameHint> hints{{"web.vmx", NameHint::configuration},
                                              {"WEB.VMTX", NameHint::configuration},
                                              {".vmx", NameHint::configuration},
                                              {"web.vmx.bak", NameHint::other},
                                              {"web.vmxf", NameHint::other},
                                              {"web.VMSD", NameHint::snapshot_list},
                                              {"web.vmdk", NameHint::disk},
                                              {"web-000001.vmdk", NameHint::disk},
                                              {"web.vmdk~", NameHint::disk},
                                              {"web.VMDK.old", NameHint::disk},
                                              {"web-ctk.vmdk.old", NameHint::disk},
                                              {"web.vmd", NameHint::other},
                                              {"web-CTK.vmdk", NameHint::tracking},
                                              {"ctk.vmdk", NameHint::disk},
                                              {"web-flat.vmdk", NameHint::flat},
                                              {"web-flat-ctk.vmdk", NameHint::tracking},
                                              {"flat.vmdk", NameHint::disk},
                                              {"web-000001-delta.vmdk", NameHint::disk_data},
                                              {"web-000001-SESPARSE.vmdk", NameHint::disk_data},
                                              {"web-rdm.vmdk", NameHint::disk_data},
                                              {"web-rdmp.vmdk", NameHint::disk_data},
                                              {"web-s001.vmdk", NameHint::disk_data},
                                              {"web-f012.vmdk", NameHint::disk_data},
                                              {"web-s01.vmdk", NameHint::disk},
                                              {"web-digest.vmdk", NameHint::disk},
                                              {"web.vmdk.REDO_a1b2c3", NameHint::disk},
                                              {"web.vmdk.lck", NameHint::disk},
                                              {"web.vmx.lck", NameHint::other},
                                              {"web.vswp", NameHint::other},
                                              {".lck-3409000000000000", NameHint::other},
                                              {"web-x001.vmdk", NameHint::disk},
                                              {"vmware.log", NameHint::other},
                                              {"noextension", NameHint::other},
                                              {"", NameHint::other}};
  for (const auto& [name, hint] : hints) {
    INFO(name);
    CHECK(hint_of(name) == hint);
  }
}
