#include "cli/command_line.h"

#include <sstream>

#include "cli/exit_status.h"
#include "log/log.h"
#include "report/tool.h"

namespace cbtctl::cli {
namespace {

options::options_description common_options() {
  options::options_description common("Options of every verb");
  common.add_options()("json", "one JSON document on standard output")("quiet", "errors only on standard error")(
      "verbose", "tell what is being done")("color", options::value<std::string>()->default_value("auto"),
                                            "auto, always or never; NO_COLOR is heeded")("help,h", "this text")(
      "version", "the program's version");
  return common;
}

std::string help_of(const Verb& verb, const options::options_description& own,
                    const options::options_description& common) {
  std::ostringstream out;
  out << "usage: cbtctl " << verb.name << " [options] " << verb.synopsis << "\n\n" << verb.summary << "\n\n";
  if (!own.options().empty()) out << own << "\n";
  out << common;
  return out.str();
}

std::optional<ColorChoice> color_choice(const std::string& text) {
  if (text == "auto") return ColorChoice::automatic;
  if (text == "always") return ColorChoice::always;
  if (text == "never") return ColorChoice::never;
  return std::nullopt;
}

options::variables_map values_of(const std::vector<std::string>& arguments, const options::options_description& own,
                                 const options::options_description& common) {
  options::options_description all;
  all.add(own).add(common).add_options()("argument", options::value<std::vector<std::string>>());
  options::positional_options_description positional;
  positional.add("argument", -1);
  namespace style = options::command_line_style;
  options::variables_map values;
  options::store(options::command_line_parser(arguments)
                     .options(all)
                     .positional(positional)
                     .style(style::unix_style & ~style::allow_guessing)
                     .run(),
                 values);
  options::notify(values);
  return values;
}

}  // namespace

std::vector<std::string> CommandLine::list(const std::string& option) const {
  return has(option) ? values[option].as<std::vector<std::string>>() : std::vector<std::string>{};
}

Parsed parse(const Verb& verb, const std::vector<std::string>& arguments, const options::options_description& own) {
  const options::options_description common = common_options();
  const std::string help_command = "cbtctl " + std::string(verb.name) + " --help";
  CommandLine line;
  try {
    line.values = values_of(arguments, own, common);
  } catch (const options::error& error) {
    return {std::nullopt, usage_error(error.what(), help_command)};
  }
  if (line.has("help")) return {std::nullopt, write_output(help_of(verb, own, common)) ? exit_done : exit_incomplete};
  if (line.has("version")) {
    const bool written = write_output("cbtctl " + std::string(report::tool_version()) + "\n");
    return {std::nullopt, written ? exit_done : exit_incomplete};
  }
  const auto color = color_choice(line.values["color"].as<std::string>());
  if (!color) return {std::nullopt, usage_error("--color takes auto, always or never", help_command)};
  line.arguments = line.list("argument");
  line.json = line.has("json");
  line.quiet = line.has("quiet");
  line.style = output_style(*color);
  log::set_level(line.quiet ? log::Level::quiet : line.has("verbose") ? log::Level::verbose : log::Level::normal);
  return {std::move(line), exit_done};
}

}  // namespace cbtctl::cli
