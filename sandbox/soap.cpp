#include "soap.hpp"

namespace penstock::sandbox {

bool Envelope::must_understand(const Element& block) const {
  const auto* value = block.attribute(ns, "mustUnderstand");
  return value && (*value == "1" || *value == "true");
}

const Element* Envelope::header_block(std::string_view wanted_ns,
                                      std::string_view wanted_name) const {
  return header ? header->child(wanted_ns, wanted_name) : nullptr;
}

EnvelopeOrProblem read_envelope(std::string_view body) {
  auto document = parse_xml(body);
  if (!document.root) return {std::nullopt, std::move(document.problem)};
  Envelope envelope;
  envelope.root = std::make_unique<Element>(std::move(*document.root));
  const Element& root = *envelope.root;
  envelope.ns = root.ns;
  if (root.name != "Envelope") return {std::nullopt, "the root is not an Envelope"};
  const Element* soap_body = root.child(root.ns, "Body");
  if (!soap_body) return {std::nullopt, "the Envelope has no Body"};
  envelope.header = root.child(root.ns, "Header");
  if (!soap_body->children.empty()) envelope.operation = &soap_body->children.front();
  return {std::move(envelope), {}};
}

}  // namespace penstock::sandbox
