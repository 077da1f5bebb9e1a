/// Which Teahouse this is: the same for all services that are built together.
package enum Version {
    package static let current = "1.0.0"
}
