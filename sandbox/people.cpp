#include "people.hpp"

#include "http_text.hpp"

#include <array>
#include <cstdio>

namespace penstock::sandbox {
namespace {

constexpr std::array first_names{"Ada",     "Grace", "Alan",   "Edsger", "Barbara", "Niklaus",
                                 "Frances", "Zoë",   "Dennis", "Radia",  "Søren",   "Margaret"};
constexpr std::array last_names{"Lovelace", "Hopper",   "Turing",  "de Vries", "Liskov",
                                "Wirth",    "Allen",    "O'Brien", "Ritchie",  "Perlman",
                                "Kjær",     "Hamilton", "Müller"};
constexpr std::array departments{"Engineering", "Finance", "People & Culture", "Sales"};
constexpr std::array job_titles{"Engineer", "Accountant", "Recruiter", "Account Executive"};

std::vector<Person> hire_everybody() {
  std::vector<Person> all;
  for (int n = 0; n < 230; ++n) {
    auto i = static_cast<std::size_t>(n);
    char date[16];
    std::snprintf(date, sizeof date, "20%02d-%02d-01", 10 + n % 15, 1 + n % 12);
    all.push_back({n, first_names[i % first_names.size()],
                   last_names[(i + i / first_names.size()) % last_names.size()],
                   "employee." + std::to_string(n + 1) + "@acme.example",
                   departments[i % departments.size()], job_titles[i % job_titles.size()], date});
  }
  return all;
}

}  // namespace

std::string Person::workday_id() const {
  return hex(sha256("worker " + std::to_string(number))).substr(0, 32);
}

const std::vector<Person>& people() {
  static const std::vector<Person> all = hire_everybody();
  return all;
}

}  // namespace penstock::sandbox
