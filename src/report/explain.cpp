#include "report/explain.h"

#include "report/json.h"
#include "report/tool.h"

namespace cbtctl::report {
namespace {

using analysis::Row;

// "choice (restart)"; "safe, else a choice (restart)" where it depends.
std::string fix_text(const Row& row) {
  std::string text(name_of(row.fix));
  if (row.fix == analysis::Fix::safe && !row.options.empty()) text += ", else a choice";
  if (!row.options.empty()) text += " (" + std::string(row.options) + ")";
  return text;
}

Json row_json(const Row& row) {
  return {{"code", row.name},        {"severity", name_of(row.severity)},
          {"fix", name_of(row.fix)}, {"options", options_of(row)},
          {"title", row.title},      {"meaning", row.meaning},
          {"remedy", row.remedy}};
}

// troff takes '-' for a hyphen and a leading '.' or ''' for a request.
std::string troff(std::string_view text) {
  std::string out = text.starts_with('.') || text.starts_with('\'') ? "\\&" : "";
  for (const char c : text) {
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else
      out += c;
  }
  return out;
}

}  // namespace

std::string explanation(const Row& row, const Style& style) {
  Table table({{std::string(row.name)}, {std::string(row.title)}});
  table.add({{"severity"}, {std::string(name_of(row.severity))}});
  table.add({{"meaning"}, {std::string(row.meaning)}});
  table.add({{"remedy"}, {std::string(row.remedy)}});
  table.add({{"fix"}, {fix_text(row)}});
  return table.print(style);
}

std::string explanation_json(const Row& row) {
  Json document = envelope("cbtctl.explain/1", 0, {});
  document["codes"] = Json::array();
  document["codes"].push_back(row_json(row));
  return printed_document(std::move(document));
}

std::string catalogue_table(const Style& style) {
  Table table({{"CODE"}, {"SEVERITY"}, {"FIX"}, {"TITLE"}});
  for (const Row& row : analysis::catalogue()) {
    table.add({{std::string(row.name)},
               {std::string(name_of(row.severity))},
               {std::string(name_of(row.fix))},
               {std::string(row.title)}});
  }
  return table.print(style);
}

std::string catalogue_json() {
  Json document = envelope("cbtctl.explain/1", 0, {});
  document["codes"] = Json::array();
  for (const Row& row : analysis::catalogue()) document["codes"].push_back(row_json(row));
  return printed_document(std::move(document));
}

std::string catalogue_markdown() {
  std::string out = "| code | severity | fix | raised when |\n|---|---|---|---|\n";
  for (const Row& row : analysis::catalogue()) {
    out += "| `" + std::string(row.name) + "` | " + std::string(name_of(row.severity)) + " | " + fix_text(row) + " | " +
           std::string(row.title) + " |\n";
  }
  return out;
}

std::string catalogue_man_page() {
  std::string out =
      ".TH CBTCTL-FINDINGS 7 \"\" \"cbtctl " + std::string(tool_version()) +
      "\" \"cbtctl\"\n.SH NAME\ncbtctl-findings \\- what cbtctl check finds, what it means and what to do\n"
      ".SH FINDINGS\n";
  for (const Row& row : analysis::catalogue()) {
    out += ".TP\n.B " + troff(row.name) + "\n(" + std::string(name_of(row.severity)) +
           ", fix: " + troff(fix_text(row)) + ") " + troff(row.title) + ".\n" + troff(row.meaning) +
           "\n.br\n.I Remedy:\n" + troff(row.remedy) + "\n";
  }
  return out + ".SH SEE ALSO\n.B cbtctl explain\n.I CODE\n";
}

}  // namespace cbtctl::report
