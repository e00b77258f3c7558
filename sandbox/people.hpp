#pragma once

#include <string>
#include <vector>

namespace penstock::sandbox {

/// An employee of the fictitious company Acme.
struct Person {
  int number;  ///< 0, 1, 2 …; the vendors' ids are derived from it
  std::string first_name, last_name, email, department, job_title, start_date;

  std::string name() const { return first_name + " " + last_name; }
  std::string employee_id() const { return std::to_string(21001 + number); }
  std::string hibob_id() const { return std::to_string(3332883884017713000LL + number * 17); }
  /// 32 hex digits, always the same for a person.
  std::string workday_id() const;
};

/// All 230, so that every page size has a second page.
const std::vector<Person>& people();

}  // namespace penstock::sandbox
