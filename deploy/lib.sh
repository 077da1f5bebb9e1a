# shellcheck shell=bash
# What the scripts here share: where things are, and how one part of the system starts and stops.
# shellcheck disable=SC2034,SC2154 # given by, and for, the scripts that read this
# Expects `root` (the checkout) and `state` (the folder of this running system).

# Where Debian puts nginx; an ordinary user's path lacks it.
PATH=$PATH:/usr/sbin

SERVICES=(auth social history media gateway1 gateway2)

fail() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

say() { printf '%s %s\n' "$(date +%H:%M:%S)" "$*"; }

# Builds the services and shows how far it is.
build() {
    swift build --package-path "$root" 2>&1 | { grep --line-buffered -E '^\[[0-9]*00/|error:|Build complete' || true; } || fail "the build failed"
}

# The process id of one part, nothing if it does not run.
pid_of() {
    local file
    case $1 in
    postgres*) file=$state/$1/data/postmaster.pid ;;
    redis*) file=$state/$1/redis.pid ;;
    *) file=$state/run/$1.pid ;;
    esac
    local pid
    pid=$(head -n 1 "$file" 2>/dev/null) || return 0
    if [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null; then echo "$pid"; fi
}

# Where a part runs: words before its command. A cluster puts the part into its host here.
way_to() { way=(); }

# Starts one part. It runs until it is stopped or nobody holds the fifo `alive` open for writing, as deploy/run does.
start() {
    local name=$1
    local program=${name%[0-9]} way
    way_to "$name"
    (
        # A service refuses keys that it does not know, and what says where this system is (TEAHOUSE_EDGE, …) is not for it.
        unset "${!TEAHOUSE_@}"
        # shellcheck source=/dev/null
        . "$state/env/$name"
        case $name in
        postgres* | redis*) command=("$root/deploy/servers" "$program" "$state/$name" "$LISTEN_PORT") ;;
        nginx | edge) command=("$root/deploy/keep" "$state/run/$name.pid" nginx -p "$state/$name" -c nginx.conf -e stderr) ;;
        *) command=("$root/deploy/keep" "$state/run/$name.pid" "$state/bin/${program^}") ;;
        esac
        # A session of its own, so that Ctrl-C in the terminal reaches deploy/run alone, which then stops all in order.
        setsid "${way[@]}" "${command[@]}" <"$state/alive" >>"$state/log/$name.log" 2>&1 9>&- &
    )
}

# Waits until one part can do its work, 60 s at most.
await_ready() {
    local name=$1
    local i patience
    for ((i = 0; i < 600; i++)); do
        if (
            # shellcheck source=/dev/null
            . "$state/env/$name"
            case $name in
            postgres*) pg_ready ;;
            redis*)
                [ "$(REDISCLI_AUTH=$REDIS_PASSWORD redis-cli -h "${LISTEN_ADDRESS:-127.0.0.1}" -p "$LISTEN_PORT" ping 2>/dev/null)" = PONG ]
                ;;
            *) curl -fsS --max-time 2 -o /dev/null "$READY_URL" 2>/dev/null ;;
            esac
        ); then return 0; fi
        # After a crash a store may need some attempts, between which it has no process.
        case $name in nginx | edge) patience=600 ;; postgres* | redis*) patience=150 ;; *) patience=20 ;; esac
        if [ $((i % 10)) -eq 9 ] && [ $i -gt $patience ] && [ -z "$(pid_of "$name")" ]; then
            fail "$name ended: $(tail -n 5 "$state/log/$name.log")"
        fi
        sleep 0.1
    done
    fail "$name is not ready after 60 s: $(tail -n 5 "$state/log/$name.log")"
}

pg_ready() { PGCONNECT_TIMEOUT=2 psql -q -h "${LISTEN_ADDRESS:-127.0.0.1}" -p "$LISTEN_PORT" -U postgres -d postgres -c 'SELECT 1' >/dev/null 2>&1; }

# Sends a signal to one part and waits until it has ended, 30 s at most.
end() {
    local name=$1 signal=$2
    local pid i
    pid=$(pid_of "$name")
    [ -n "$pid" ] || return 0
    kill "-$signal" "$pid" 2>/dev/null || return 0
    for ((i = 0; i < 300; i++)); do
        kill -0 "$pid" 2>/dev/null || return 0
        sleep 0.1
    done
    kill -KILL "$pid" 2>/dev/null || true
}

port_is_free() { ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# A free port for a private listener, below the range that outgoing connections use. Where the search begins is random:
# two systems that start at once must not choose the same ones.
next_port=$((20100 + RANDOM % 8000))
free_port() {
    while ! port_is_free "$next_port"; do next_port=$((next_port + 1)); done
    free=$next_port
    next_port=$((next_port + 1))
}

# A folder that the owner of PostgreSQL's data can reach.
choose_state() {
    if [ "${throwaway:-0}" = 1 ]; then
        state=$(mktemp -d /tmp/teahouse-XXXXXX)
        chmod 755 "$state"
        return
    fi
    if [ -n "$state" ]; then
        mkdir -p "$state"
        return 0
    fi
    state=$root/.local/state
    mkdir -p "$root/.local"
    if [ "$(id -u)" -eq 0 ] && ! (cd / && setpriv --reuid=postgres --regid=postgres --init-groups test -x "$root/.local"); then
        local reachable
        reachable=/var/lib/teahouse/$(printf '%s' "$root" | sha256sum | cut -c 1-8)
        mkdir -p "$reachable"
        chmod 755 /var/lib/teahouse "$reachable"
        [ -e "$state" ] || ln -s "$reachable" "$state"
    fi
    mkdir -p "$state"
    chmod 755 "$state"
}

# Databases and roles, with the passwords that are in the secrets.
make_databases() {
    # shellcheck source=/dev/null
    . "$state/env/postgres"
    # shellcheck source=/dev/null
    . "$state/secrets"
    local service password
    for service in auth social history media; do
        password=${service^^}_DATABASE_PASSWORD
        psql -q -X -h 127.0.0.1 -p "$LISTEN_PORT" -U postgres -d postgres -v ON_ERROR_STOP=1 -v service="$service" \
            -v password="${!password}" -f "$root/deploy/databases.sql"
    done
    unset PGPASSWORD
}
