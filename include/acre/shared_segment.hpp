/// \file
/// Memory that several processes map, placed before its first page exists. Whichever process touches a
/// page first, it lies as the placement says.
#pragma once

#include <acre/apply.hpp>
#include <acre/area.hpp>
#include <acre/check.hpp>
#include <acre/export.hpp>
#include <acre/locate.hpp>
#include <acre/mapping.hpp>
#include <acre/migrate.hpp>
#include <acre/placement.hpp>
#include <acre/topology.hpp>

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <vector>

namespace acre::inline v1 {

struct segment_state;

/// What the kernel keeps a segment as, and what its name is.
enum class segment_backend {
  /// A file in /dev/shm, as shm_open(3) makes them. Name: 1 to 255 bytes without '/', one '/' in front allowed, not "."
  /// or "..".
  posix,
  /// memfd_create(2): no name that others could open, handed on as a file descriptor. Name: a label of at most 249
  /// bytes that /proc/PID/fd shows; may be empty.
  memfd,
  /// System V. Name: the key as a number ("0x41435245", "4711", not 0), or "private" (IPC_PRIVATE): no key, handed on
  /// as an id.
  sysv,
};
/// The name of the enumerator: "posix".
[[nodiscard]] ACRE_API std::string_view to_string(segment_backend backend) noexcept;

/// What is asked of a new segment beside name, size and placement.
struct segment_options {
  segment_backend backend = segment_backend::posix;  ///< what the kernel keeps it as
  /// system: base pages; transparent huge ones are refused for the segment. transparent_huge: where the system permits:
  /// posix by the mount option huge= of /dev/shm, the others by
  /// /sys/kernel/mm/transparent_hugepage/shmem_enabled. huge_2mb, huge_1gb: memfd and sysv only. Never falls back to
  /// smaller pages, but single transparent huge ones may be missing.
  acre::page_kind page_kind = acre::page_kind::system;
  /// eager: every page exists before create() returns, and is mapped in the creator, as an area's are. The default is
  /// lazy, but for hugetlb pages eager, and must be: the kernel keeps their policies only in the mapping that set them
  /// (Linux 6.12), so other processes' pages would lie anywhere.
  std::optional<acre::commit> commit = {};
  /// Permission bits for others, as chmod(1) has them; the umask does not apply.
  unsigned mode = 0600;
  /// Where the creator maps it: exactly there, or (null) at an address chosen at random where other processes have
  /// nothing in most cases, for attach_at::creator_address.
  void* address = nullptr;
};

/// Where a segment is mapped.
enum class attach_at {
  anywhere,         ///< wherever the kernel likes, or exactly at attach_options::address
  creator_address,  ///< where the creator has it, so that pointers inside are right; else errc::address_in_use
};

/// Whose segments are attached.
enum class segment_owner {
  self,  ///< only those of the calling process's effective user
  any,   ///< anybody's, as far as permissions go
};

/// What about memory that acre did not make?
enum class foreign_memory {
  refuse,  ///< errc::foreign_segment
  accept,  ///< taken as it is: unbound until bind(), all of it is data
};

/// What about memory that a peer could shrink, so that touching it ends in SIGBUS?
enum class shrinking {
  accept,  ///< memfd segments get F_SEAL_SHRINK where they have not yet; /dev/shm has no seals
  refuse,  ///< errc::not_sealed if the kernel does not rule it out: memfd with seal, and sysv
};

/// How a segment that exists is attached, or removed.
struct attach_options {
  /// posix or sysv: what a name means.
  segment_backend backend = segment_backend::posix;
  /// none is errc::invalid_argument: a segment is attached to be read at least.
  acre::access access = acre::access::read_write;
  attach_at at = attach_at::anywhere;  ///< where it is mapped
  /// Exactly there; null: anywhere. Only with attach_at::anywhere.
  void* address = nullptr;
  segment_owner owner = segment_owner::self;            ///< whose segment it may be
  foreign_memory foreign = foreign_memory::refuse;      ///< whether acre must have made it
  acre::shrinking shrinking = acre::shrinking::accept;  ///< whether others may be able to shrink it
};

/// What bind() does about pages that exist.
enum class existing_pages {
  refuse,   ///< errc::already_populated
  migrate,  ///< they are moved; what could not move is told
};

/// What shared_segment::bind() may be told.
struct segment_bind_options {
  /// Bytes from the start of the data; a multiple of the page size.
  std::size_t offset = 0;
  /// Rounded up to whole pages; 0: up to the end.
  std::size_t bytes = 0;
  existing_pages existing = existing_pages::refuse;  ///< what about pages that are there already
};

/// What became of the process that made a segment.
enum class creator_state {
  alive,    ///< it runs
  gone,     ///< it has ended; another process may have its number by now
  unknown,  ///< made in another PID or time namespace, or /proc does not tell, or made by no acre
};
/// The name of the enumerator: "alive".
[[nodiscard]] ACRE_API std::string_view to_string(creator_state state) noexcept;

/// A segment that exists, as list() finds it, and info() tells of one.
struct [[nodiscard]] segment_info {
  /// To open and remove it by; "private" has only an id. Empty: none, or (info()) it was attached by a descriptor.
  std::string name = {};
  segment_backend backend = segment_backend::posix;     ///< what the kernel keeps it as
  int id = -1;                                          ///< sysv: shmid; -1: files
  std::size_t bytes = 0;                                ///< of data; of foreign memory all
  acre::page_kind page_kind = acre::page_kind::system;  ///< as it was made with
  /// As text, see shared_segment::where_text(); empty: unknown. "unfinished": a System V segment without its placement
  /// yet, or for ever.
  std::string placement = {};
  uid_t owner = 0;    ///< the user that it belongs to
  unsigned mode = 0;  ///< permission bits
  pid_t creator = 0;  ///< of foreign System V segments as the kernel tells it; 0: unknown
  creator_state state = creator_state::unknown;  ///< of the creator
  /// Pages per node; nothing where the caller may not look (it needs write permission, or to be the owner), or the
  /// object is shorter than it was.
  std::optional<residency> resident = {};

  /// "data (posix): 8 MiB, bind 1, creator 17 alive, node 1: 2048 pages"; what is unknown is left out.
  [[nodiscard]] ACRE_API std::string to_string() const;
  /// Writes to_string().
  ACRE_API friend std::ostream& operator<<(std::ostream& out, const segment_info& s);
};

/// Shared memory with a name, a file descriptor or an id. The placement is kept by the kernel on the object itself:
/// it holds for every process, outlives the creator, and needs no word from those who attach.
///
/// The object has a page more than its data, the last one, that says what it is; it is checked whenever a segment is
/// attached. Whoever may write to a segment may also write nonsense into it: peers that write are trusted with the
/// data, not with this process.
/// \safety distinct objects from any threads, const functions of one object from any threads. fork: children
///   have the segment mapped at the same address, and may use and detach it like any process.
class ACRE_API shared_segment {
 public:
  /// Attached to nothing.
  shared_segment() noexcept;
  /// The other is attached to nothing afterwards.
  shared_segment(shared_segment&&) noexcept;
  /// Detaches; the other is attached to nothing afterwards.
  shared_segment& operator=(shared_segment&&) noexcept;
  shared_segment(const shared_segment&) = delete;
  shared_segment& operator=(const shared_segment&) = delete;
  /// Detaches. A segment with a name stays until remove(), a sysv segment with "private" until remove_id(); a memfd
  /// segment ends with its last mapping and descriptor.
  ~shared_segment();

  /// Makes a segment, zeroed, and attaches it. It gets its name when all is done: nobody sees it unplaced, and a
  /// creator that dies leaves nothing (sysv keys: the kernel cannot make a segment without its key. Until it is done
  /// others get errc::not_ready, and what a dead creator left is replaced by the next create(); whether one in
  /// another PID namespace is dead cannot be told: remove() with foreign_memory::accept takes away what it left).
  /// \param name see segment_backend
  /// \param bytes > 0; the data, rounded up to whole pages
  /// \param where how its pages shall lie
  /// \param options see segment_options
  /// \param machine this one
  /// \throws error errc::invalid_name, errc::name_in_use, errc::invalid_size, errc::invalid_argument,
  ///   errc::unsupported_placement (hugetlb pages and commit::lazy), errc::address_in_use, errc::permission_denied, and
  ///   what apply() and make_plan() throw; allocation_error errc::no_space (/dev/shm, RLIMIT_FSIZE, kernel.shmmax,
  ///   kernel.shmall, kernel.shmmni), errc::no_huge_pages, errc::out_of_memory, with commit::eager errc::node_full as
  ///   of an area
  static shared_segment create(std::string_view name, std::size_t bytes, const placement& where,
                               const segment_options& options = {},
                               const topology& machine = topology::system());
  /// Attaches the segment of that name, posix or sysv.
  /// \throws error errc::invalid_name, errc::no_such_segment, errc::not_ready, errc::foreign_segment (no header,
  ///   damaged, truncated, another version), errc::permission_denied (the system's, or another owner),
  ///   errc::not_sealed, errc::address_in_use, errc::invalid_argument (access::none; attach_at::creator_address and an
  ///   address; memfd, which has no names); allocation_error errc::out_of_memory
  [[nodiscard]] static shared_segment open(std::string_view name, const attach_options& options = {});
  /// Opens what is there, or else creates it: of processes that call this at once exactly one creates. created() tells.
  /// Waits up to a minute for one that is not ready, and tries again a few times if there is no room: all who create at
  /// once take it until one is done.
  /// \param name see segment_backend; memfd has no names to open by
  /// \param bytes > 0; the data
  /// \param where how its pages shall lie, if it is created
  /// \param options how it is created
  /// \param attach_as how it is opened; its backend does not count, that of `options` does
  /// \param machine this one
  /// \throws error errc::size_differs if one is there with other than `bytes` bytes (its placement is not compared);
  ///   what open() and create() throw
  static shared_segment open_or_create(std::string_view name, std::size_t bytes, const placement& where,
                                       const segment_options& options = {},
                                       const attach_options& attach_as = {},
                                       const topology& machine = topology::system());
  /// Attaches the segment behind a descriptor: a memfd, a file of tmpfs or hugetlbfs. The descriptor is duplicated, the
  /// caller's stays his.
  /// \throws error errc::invalid_argument (not open, or no file that keeps memory policies); what open() throws
  [[nodiscard]] static shared_segment attach(int file, const attach_options& options = {});
  /// Attaches a System V segment by its id.
  /// \throws failure what open() throws
  [[nodiscard]] static shared_segment attach_id(int shmid, const attach_options& options = {});

  /// Takes the name away; the memory ends with its last mapping and descriptor. What is looked at and what has the name
  /// a moment later may be two things, if others remove and create it at the same time.
  /// \param name see segment_backend
  /// \param options backend, owner and foreign count; with foreign_memory::accept damaged segments go, too
  /// \returns false if there is no such segment
  /// \throws error errc::invalid_name, errc::foreign_segment, errc::permission_denied; errc::not_ready for one that is
  ///   still being created; errc::invalid_argument for memfd
  static bool remove(std::string_view name, const attach_options& options = {});
  /// The same of a System V segment by its id.
  /// \returns false if there is no such segment
  /// \throws error errc::foreign_segment, errc::permission_denied, errc::not_ready
  static bool remove_id(int shmid, const attach_options& options = {});

  /// The segments of acre in /dev/shm and of System V that the caller may read, its own and others'; memfd segments
  /// have no names to be found by. Never makes a page of a segment exist.
  [[nodiscard]] static std::vector<segment_info> list();

  /// The same, with the error in `ec`: attached to nothing then.
  static shared_segment create(std::string_view name, std::size_t bytes, const placement& where,
                               std::error_code& ec) noexcept;
  /// The same, with the error in `ec`: attached to nothing then.
  static shared_segment create(std::string_view name, std::size_t bytes, const placement& where,
                               const segment_options& options, std::error_code& ec) noexcept;
  /// The same, with the error in `ec`: attached to nothing then.
  static shared_segment create(std::string_view name, std::size_t bytes, const placement& where,
                               const segment_options& options, const topology& machine,
                               std::error_code& ec) noexcept;
  /// The same, with the error in `ec`: attached to nothing then.
  [[nodiscard]] static shared_segment open(std::string_view name, std::error_code& ec) noexcept;
  /// The same, with the error in `ec`: attached to nothing then.
  [[nodiscard]] static shared_segment open(std::string_view name, const attach_options& options,
                                           std::error_code& ec) noexcept;
  /// The same, with the error in `ec`: attached to nothing then.
  static shared_segment open_or_create(std::string_view name, std::size_t bytes, const placement& where,
                                       std::error_code& ec) noexcept;
  /// The same, with the error in `ec`: attached to nothing then.
  static shared_segment open_or_create(std::string_view name, std::size_t bytes, const placement& where,
                                       const segment_options& options, std::error_code& ec) noexcept;
  /// The same, with the error in `ec`: attached to nothing then.
  static shared_segment open_or_create(std::string_view name, std::size_t bytes, const placement& where,
                                       const segment_options& options, const attach_options& attach_as,
                                       std::error_code& ec) noexcept;
  /// The same, with the error in `ec`: attached to nothing then.
  static shared_segment open_or_create(std::string_view name, std::size_t bytes, const placement& where,
                                       const segment_options& options, const attach_options& attach_as,
                                       const topology& machine, std::error_code& ec) noexcept;
  /// The same, with the error in `ec`: attached to nothing then.
  [[nodiscard]] static shared_segment attach(int file, std::error_code& ec) noexcept;
  /// The same, with the error in `ec`: attached to nothing then.
  [[nodiscard]] static shared_segment attach(int file, const attach_options& options,
                                             std::error_code& ec) noexcept;
  /// The same, with the error in `ec`: attached to nothing then.
  [[nodiscard]] static shared_segment attach_id(int shmid, std::error_code& ec) noexcept;
  /// The same, with the error in `ec`: attached to nothing then.
  [[nodiscard]] static shared_segment attach_id(int shmid, const attach_options& options,
                                                std::error_code& ec) noexcept;
  /// The same, with the error in `ec`: false then, too.
  static bool remove(std::string_view name, std::error_code& ec) noexcept;
  /// The same, with the error in `ec`: false then, too.
  static bool remove(std::string_view name, const attach_options& options, std::error_code& ec) noexcept;
  /// The same, with the error in `ec`: false then, too.
  static bool remove_id(int shmid, std::error_code& ec) noexcept;
  /// The same, with the error in `ec`: false then, too.
  static bool remove_id(int shmid, const attach_options& options, std::error_code& ec) noexcept;

  /// False if attached to nothing.
  explicit operator bool() const noexcept { return x_state != nullptr; }
  /// The first byte in this process, at the start of a page; null if attached to nothing.
  [[nodiscard]] void* data() const noexcept;
  /// Bytes of data as asked for by the creator; of foreign memory, of all of it; 0 if attached to nothing.
  [[nodiscard]] std::size_t size() const noexcept;

  /// What the kernel keeps it as; posix if attached to nothing. Foreign files that were attached by a descriptor count
  /// as memfd.
  [[nodiscard]] segment_backend backend() const noexcept;
  /// As the creator asked for; of foreign memory as the kernel tells, transparent huge pages as system.
  [[nodiscard]] acre::page_kind page_kind() const noexcept;
  [[nodiscard]] bool created() const noexcept;     ///< true if it was made by this very object, not opened
  [[nodiscard]] bool is_foreign() const noexcept;  ///< true if acre did not make it
  [[nodiscard]] bool is_sealed() const noexcept;   ///< true if nobody could shrink it when it was attached
  /// Where its creator had it mapped when it was made, in the creator's process; null: unknown, as of foreign memory.
  [[nodiscard]] void* creator_address() const noexcept;
  /// True if data() is the creator's address: pointers that he stored are right here.
  [[nodiscard]] bool at_creator_address() const noexcept;
  /// The file descriptor, owned by this and open as long as it is attached; -1: sysv, or attached to nothing.
  [[nodiscard]] int native_handle() const noexcept;
  /// The System V id (shmid); -1: files, or attached to nothing.
  [[nodiscard]] int id() const noexcept;

  /// The placement as of now, as text; foreign memory: empty. After bind() of a part, "... , parts bound anew".
  /// \throws error errc::invalid_argument: attached to nothing
  [[nodiscard]] std::string where_text() const;
  /// The placement, if where_text() says all: nothing for by_page, for foreign memory, and after bind() of a part.
  /// \throws error errc::invalid_argument: attached to nothing
  [[nodiscard]] std::optional<placement> where() const;
  /// What list() tells of a segment; of foreign memory, what the kernel tells.
  /// \throws error errc::invalid_argument: attached to nothing; the system's, if the kernel does not tell any more
  segment_info info() const;
  /// The same, with the error in `ec`: a default-constructed result then.
  segment_info info(std::error_code& ec) const noexcept;
  /// What create() could not do as asked; empty for a segment that was opened or attached.
  /// \throws error errc::invalid_argument: attached to nothing
  [[nodiscard]] std::vector<downgrade> downgrades() const;

  /// Places the data, or a part of it, anew, for all processes. Pages must not exist there yet: with
  /// existing_pages::migrate they may, and are moved as migrate() does it (those that other processes have mapped stay,
  /// root's as well). A page that another process touches at the same time may lie by the old placement, or, where the
  /// new one is unbound, locally.
  /// \returns what moved; untouched pages are those still to be placed
  /// \throws error errc::invalid_argument (attached to nothing), errc::already_populated, errc::permission_denied
  ///   (attached read-only), errc::unsupported_placement (hugetlb pages keep no policy for others: only migrate),
  ///   errc::invalid_alignment, errc::invalid_size (beyond the end), errc::foreign_segment (truncated meanwhile, or its
  ///   header was damaged: then the pages are placed, and the header does not tell); allocation_error errc::no_space
  ///   (RLIMIT_FSIZE below its size); what apply() throws
  migration bind(const placement& where, const segment_bind_options& options = {},
                 const topology& machine = topology::system());
  /// The same, with the error in `ec`: a result that counts nothing then.
  migration bind(const placement& where, std::error_code& ec) noexcept;
  /// The same, with the error in `ec`: a result that counts nothing then.
  migration bind(const placement& where, const segment_bind_options& options, std::error_code& ec) noexcept;
  /// The same, with the error in `ec`: a result that counts nothing then.
  migration bind(const placement& where, const segment_bind_options& options, const topology& machine,
                 std::error_code& ec) noexcept;

  /// On which nodes the pages lie, whoever touched them. Makes no page exist.
  /// \throws error errc::invalid_argument (attached to nothing), errc::permission_denied (neither owner nor writable:
  ///   the kernel does not tell), errc::foreign_segment (truncated meanwhile)
  residency resident() const;
  /// The same, with the error in `ec`: a result without pages then.
  residency resident(std::error_code& ec) const noexcept;
  /// acre::check() of the whole segment, after all its existing pages were mapped. Of hugetlb pages only the places
  /// count.
  /// \throws error errc::unsupported_placement where where() is nothing; what resident() and acre::check() throw
  check_result check(const topology& machine = topology::system()) const;
  /// The same, with the error in `ec`: a result that is not ok() then.
  check_result check(std::error_code& ec) const noexcept;
  /// The same, with the error in `ec`: a result that is not ok() then.
  check_result check(const topology& machine, std::error_code& ec) const noexcept;
  /// Makes all pages exist, as acre::prefault() does it: a hard placement is soft for everybody as long as it runs (for
  /// good if the process is killed meanwhile), and pages that others have mapped elsewhere are the system's EBUSY.
  /// create() with commit::eager does it before there are others.
  /// \throws error errc::invalid_argument (attached to nothing), errc::permission_denied (attached read-only),
  ///   errc::foreign_segment (truncated meanwhile); allocation_error errc::no_space if /dev/shm is full, never SIGBUS;
  ///   errc::node_full, errc::out_of_memory, errc::no_huge_pages as allocation_error, too; what else acre::prefault()
  ///   throws
  void prefault(const topology& machine = topology::system());
  /// The same, with the error in `ec`.
  void prefault(std::error_code& ec) noexcept;
  /// The same, with the error in `ec`.
  void prefault(const topology& machine, std::error_code& ec) noexcept;

  /// Unmaps and closes now; the object is empty then.
  void detach() noexcept;

 private:
  explicit shared_segment(std::unique_ptr<segment_state> s) noexcept;

  std::unique_ptr<segment_state> x_state;
};

static_assert(std::is_nothrow_move_constructible_v<shared_segment> &&
              std::is_nothrow_move_assignable_v<shared_segment>);
static_assert(!std::is_copy_constructible_v<shared_segment> && !std::is_copy_assignable_v<shared_segment>);

}  // namespace acre::inline v1
