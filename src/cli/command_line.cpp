#include "cli/command_line.h"

#include "cli/exit_status.h"
#include "log/log.h"
#include "report/tool.h"

namespace cbtctl::cli {
namespace {

Options common_options() {
  Options common("Options of every verb");
  common.flag("json", "one JSON document on standard output");
  common.flag("quiet,q", "no report: errors and the exit status alone; a machine format is still printed");
  common.flag("verbose,v", "tell what is being done");
  common.text("color", "auto, always or never; NO_COLOR is heeded", "auto");
  common.flag("help,h", "this text");
  common.flag("version", "the program's version");
  return common;
}

std::string help_of(const Verb& verb, const Options& own, const Options& common) {
  std::string out = "usage: cbtctl " + std::string(verb.name) + " [options] " + std::string(verb.synopsis) + "\n\n" +
                    std::string(verb.summary) + "\n\n";
  if (!own.all().empty()) out += help_text(own) + "\n";
  return out + help_text(common);
}

std::optional<ColorChoice> color_choice(const std::string& text) {
  if (text == "auto") return ColorChoice::automatic;
  if (text == "always") return ColorChoice::always;
  if (text == "never") return ColorChoice::never;
  return std::nullopt;
}

}  // namespace

Parsed parse(const Verb& verb, const std::vector<std::string>& arguments, const Options& own) {
  const Options common = common_options();
  const std::string help_command = "cbtctl " + std::string(verb.name) + " --help";
  auto values = parse_options(arguments, own, common);
  if (!values) return {std::nullopt, usage_error(values.error().message, help_command)};
  CommandLine line{std::move(*values), {}};
  if (line.has("help")) return {std::nullopt, write_output(help_of(verb, own, common)) ? exit_done : exit_incomplete};
  if (line.has("version")) {
    const bool written = write_output("cbtctl " + std::string(report::tool_version()) + "\n");
    return {std::nullopt, written ? exit_done : exit_incomplete};
  }
  const auto color = color_choice(line.text("color"));
  if (!color) return {std::nullopt, usage_error("--color takes auto, always or never", help_command)};
  line.arguments = line.list("argument");
  line.json = line.has("json");
  line.quiet = line.has("quiet");
  line.style = output_style(*color);
  const bool is_plugin = line.has("format") && line.text("format") != "text";
  if (line.has("csv") && (line.json || is_plugin))
    return {std::nullopt,
            usage_error("--csv is one form, and --json and --format are others: a report has one", help_command)};
  if (line.has("provenance")) {
    if (!line.json || is_plugin || line.has("output") || line.has("header-dump"))
      return {std::nullopt, usage_error("--provenance stands in the document of --json: give that too", help_command)};
    line.provenance = begin_provenance(verb.name, arguments);
  }
  if (line.quiet && !line.json && !line.has("csv") && !is_plugin) mute_output();
  log::set_level(line.quiet ? log::Level::quiet : line.has("verbose") ? log::Level::verbose : log::Level::normal);
  return {std::move(line), exit_done};
}

}  // namespace cbtctl::cli
