#pragma once

#include "xml.hpp"

#include <memory>

namespace penstock::sandbox {

inline constexpr std::string_view soap11 = "http://schemas.xmlsoap.org/soap/envelope/";
inline constexpr std::string_view soap12 = "http://www.w3.org/2003/05/soap-envelope";

/// A parsed SOAP envelope. Header blocks and operation point into `root`, so it is not copyable.
struct Envelope {
  Envelope() = default;
  Envelope(const Envelope&) = delete;
  Envelope& operator=(const Envelope&) = delete;
  Envelope(Envelope&&) = default;
  Envelope& operator=(Envelope&&) = default;

  std::unique_ptr<Element> root;
  std::string ns;  ///< soap11, soap12, or else the namespace of the root
  const Element* header = nullptr;
  const Element* operation = nullptr;  ///< the Body's first element; null if it is empty

  bool must_understand(const Element& block) const;
  const Element* header_block(std::string_view wanted_ns, std::string_view wanted_name) const;
};

/// The envelope, or the reason why it is invalid: not well-formed, another root, no Body.
struct EnvelopeOrProblem {
  std::optional<Envelope> envelope;
  std::string problem;
};
EnvelopeOrProblem read_envelope(std::string_view body);

}  // namespace penstock::sandbox
