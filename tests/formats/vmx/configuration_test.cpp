#include "tests/support/catch.h"

#include "formats/vmx/configuration.h"

using formats::text::Document;
using formats::vmx::Configuration;

namespace {

Configuration decoded(const std::string& text) {
  auto settings = formats::vmx::decode(Document::decode("config.version = \"8\"\n" + text));
  REQUIRE(settings);
  return *settings;
}

}  // namespace

TEST_CASE("disks on every bus are found and ordered by number") {
  const auto settings = decoded(
      "scsi0:10.present = \"TRUE\"\nscsi0:10.fileName = \"k.vmdk\"\nscsi0:2.present = \"true\"\n"
      "scsi0:2.fileName = \"c.vmdk\"\nnvme0:14.present = \"TRUE\"\nnvme0:14.fileName = \"n.vmdk\"\n"
      "sata1:29.present = \"TRUE\"\nsata1:29.fileName = \"s.vmdk\"\nide0:0.present = \"TRUE\"\nide0:0.fileName = "
      "\"i.vmdk\"\n");
  REQUIRE(settings.disks.size() == 5);
  CHECK(settings.disks[0].slot == "scsi0:2");
  CHECK(settings.disks[1].slot == "scsi0:10");
  CHECK(settings.disks[4].slot == "nvme0:14");
}

TEST_CASE("a CD-ROM, an absent device and a slot without a file are no disks") {
  const auto settings = decoded(
      "sata0:0.present = \"TRUE\"\nsata0:0.deviceType = \"cdrom-image\"\nsata0:0.fileName = \"x.vmdk\"\n"
      "scsi0:0.present = \"FALSE\"\nscsi0:0.fileName = \"a.vmdk\"\nscsi0:1.present = \"TRUE\"\n"
      "ide1:0.present = \"TRUE\"\nide1:0.fileName = \"auto detect\"\n");
  CHECK(settings.disks.empty());
}

TEST_CASE("both CBT keys are read in any case") {
  const auto settings = decoded(
      "CTKENABLED = \"True\"\nscsi0:0.present = \"TRUE\"\nscsi0:0.fileName = \"a.vmdk\"\nscsi0:0.ctkenabled = "
      "\"false\"\n");
  CHECK(settings.ctk_enabled->value == true);
  CHECK(settings.disks[0].ctk_enabled->value == false);
}

TEST_CASE("a CBT value in typographic quotes is malformed and not lost") {
  const auto settings = decoded("ctkEnabled = \xe2\x80\x9cTRUE\xe2\x80\x9d\n");
  REQUIRE(settings.ctk_enabled);
  CHECK_FALSE(settings.ctk_enabled->value);
  const auto unclosed = decoded("ctkEnabled = \"TRUE\n");
  REQUIRE(unclosed.ctk_enabled);
  CHECK_FALSE(unclosed.ctk_enabled->value);
}

TEST_CASE("a misspelt key is told with what it was meant to be") {
  const auto settings = decoded("ctkEnable = \"TRUE\"\nscsi0:0.ctkEnable = \"TRUE\"\nctkDisallowed = \"FALSE\"\n");
  REQUIRE(settings.misspelt_keys.size() == 2);
  CHECK(settings.misspelt_keys[0].meant == "ctkEnabled");
  CHECK(settings.misspelt_keys[1].meant == "scsi0:0.ctkEnabled");
}

TEST_CASE("a CBT key for a slot without a disk is told") {
  CHECK(decoded("scsi3:1.ctkEnabled = \"TRUE\"\n").keys_for_missing_disks.size() == 1);
}

TEST_CASE("keys that stand twice contradict each other only where the flags differ") {
  CHECK_FALSE(decoded("ctkEnabled = \"TRUE\"\nCtkEnabled = \"true\"\n").contradicts_itself("ctkEnabled"));
  const auto settings = decoded("ctkEnabled = \"TRUE\"\nCtkEnabled = \"FALSE\"\n");
  CHECK(settings.contradicts_itself("ctkEnabled"));
  REQUIRE(settings.duplicates.size() == 1);
  CHECK(settings.duplicates[0].key == "ctkEnabled");
  CHECK(settings.duplicates[0].line_numbers == std::vector<std::size_t>{2, 3});
}

TEST_CASE("nothing is known of another key that contradicts itself") {
  const auto twice = decoded(
      "virtualHW.version = \"13\"\nVirtualHW.version = \"4\"\ncleanShutdown = \"TRUE\"\ncleanShutdown = \"FALSE\"\n");
  CHECK_FALSE(twice.hardware_version);
  CHECK_FALSE(twice.clean_shutdown->value);
  const auto same = decoded(
      "virtualHW.version = \"13\"\nVirtualHW.version = \"13\"\ncleanShutdown = \"TRUE\"\ncleanShutdown = \"true\"\n");
  CHECK(same.hardware_version == 13U);
  CHECK_FALSE(
      decoded("scsi0:0.present = \"TRUE\"\nscsi0:0.present = \"true\"\n").contradicts_itself("scsi0:0.present"));
  CHECK(is_true(same.clean_shutdown));
}

TEST_CASE("the shared bus of a controller and a multi-writer disk are seen") {
  const auto settings = decoded(
      "scsi1.sharedBus = \"Virtual\"\nscsi1:0.present = \"TRUE\"\nscsi1:0.fileName = \"a.vmdk\"\n"
      "scsi1:0.sharing = \"multi-writer\"\nscsi1:0.mode = \"Independent-Persistent\"\n");
  CHECK(settings.disks[0].shared_bus == "virtual");
  CHECK(settings.disks[0].sharing == "multi-writer");
  CHECK(settings.disks[0].is_independent());
}

TEST_CASE("binary, zeros, nothing and foreign text are no configuration") {
  const std::string text = GENERATE(as<std::string>{}, "", std::string(64, '\0'),
                                    std::string("config.version\0= \"8\"", 19), "just = \"text\"\n");
  const auto settings = formats::vmx::decode(Document::decode(text));
  REQUIRE_FALSE(settings);
  CHECK(settings.error().kind == formats::core::ErrorKind::malformed);
}

TEST_CASE("a configuration that ends inside a key or a value was cut, one without its last line end was not") {
  const std::string head = "config.version = \"8\"\nvirtualHW.version = \"13\"\n";
  for (const std::string rest : {"scsi0:0.pres", "displayName = \"web", "displayName ="}) {
    const auto cut = formats::vmx::decode(Document::decode(head + rest));
    INFO(rest);
    REQUIRE_FALSE(cut);
    CHECK(cut.error().kind == formats::core::ErrorKind::truncated);
  }
  for (const std::string rest : {"displayName = \"web\"", "memSize = 64", "# a note", "  "}) {
    INFO(rest);
    CHECK(formats::vmx::decode(Document::decode(head + rest)));
  }
}

TEST_CASE("what a machine could do by replay.allowFT makes it no fault-tolerance secondary") {
  const std::string head = "config.version = \"8\"\nvirtualHW.version = \"13\"\n";
  CHECK_FALSE(formats::vmx::decode(Document::decode(head + "replay.allowFT = \"TRUE\"\n"))->is_replayed);
  CHECK(formats::vmx::decode(Document::decode(head + "replay.enabled = \"TRUE\"\n"))->is_replayed);
}

TEST_CASE("random bytes are binary, and only zeros are zero bytes") {
  const auto why = [](const std::string& text) { return formats::vmx::decode(Document::decode(text)).error().message; };
  CHECK(why(std::string(64, '\0')).starts_with("holds zero bytes"));
  CHECK(why(std::string("a\0b\xff", 4)).starts_with("is binary"));
}

TEST_CASE("an encrypted machine is told, a partly encrypted one is read") {
  const auto whole = formats::vmx::decode(Document::decode(
      ".encoding = \"UTF-8\"\ndisplayName = \"x\"\nencryption.keySafe = \"vmware:key\"\nencryption.data = \"abc\"\n"));
  REQUIRE(whole);
  CHECK(whole->encrypted);
  CHECK_FALSE(
      decoded("virtualHW.version = \"19\"\nencryption.type = \"partial\"\nencryption.keySafe = \"k\"\n").encrypted);
}

TEST_CASE("a display name loses its escapes and vCenter's percents") {
  CHECK(decoded("displayName = \"a%2fb 100%25 |22x|22\"\n").display_name == "a/b 100% \"x\"");
}
