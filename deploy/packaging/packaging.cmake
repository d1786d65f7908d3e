# What is installed, and the packages that CPack makes of it: a .deb (component
# `debian` beside `program`) and a .tar.gz (component `portable` beside it).
# Both are the same bit for bit whenever SOURCE_DATE_EPOCH is.

option(LEAK_EXPORTER_PACKAGING "Install man page, units and all, for packages" OFF)
if(NOT LEAK_EXPORTER_PACKAGING)
  install(TARGETS leak_exporter COMPONENT program)
  return()
endif()

find_program(SCDOC scdoc REQUIRED)
find_program(GZIP gzip REQUIRED)

set(here ${PROJECT_SOURCE_DIR}/deploy)
set(made ${PROJECT_BINARY_DIR}/packaging)

# Paths of the build must not get into the program.
target_compile_options(leak_build_options INTERFACE
  -ffile-prefix-map=${PROJECT_SOURCE_DIR}=. -ffile-prefix-map=${PROJECT_BINARY_DIR}=.)

add_custom_command(
  OUTPUT ${made}/leak_exporter.1.gz ${made}/changelog.gz
  COMMAND ${CMAKE_COMMAND} -E make_directory ${made}
  COMMAND sh -c "\"$1\" < \"$2\" | \"$3\" -9n > \"$4\"" sh
    ${SCDOC} ${here}/man/leak_exporter.1.scd ${GZIP} ${made}/leak_exporter.1.gz
  COMMAND sh -c "\"$1\" -9nc \"$2\" > \"$3\"" sh
    ${GZIP} ${PROJECT_SOURCE_DIR}/CHANGELOG.md ${made}/changelog.gz
  DEPENDS ${here}/man/leak_exporter.1.scd ${PROJECT_SOURCE_DIR}/CHANGELOG.md
  VERBATIM)
add_custom_target(leak_exporter_documents ALL
  DEPENDS ${made}/leak_exporter.1.gz ${made}/changelog.gz)

install(TARGETS leak_exporter COMPONENT program)
install(FILES ${made}/leak_exporter.1.gz DESTINATION share/man/man1 COMPONENT program)
install(FILES ${here}/completions/leak_exporter.bash
  DESTINATION share/bash-completion/completions RENAME leak_exporter COMPONENT program)
install(FILES ${here}/completions/leak_exporter.zsh
  DESTINATION share/zsh/vendor-completions RENAME _leak_exporter COMPONENT program)
install(FILES ${here}/completions/leak_exporter.fish
  DESTINATION share/fish/vendor_completions.d COMPONENT program)
install(DIRECTORY ${here}/prometheus/rules DESTINATION share/leak-exporter/prometheus COMPONENT program)
install(FILES ${here}/prometheus/prometheus.yml ${here}/prometheus/runbook.md
  DESTINATION share/leak-exporter/prometheus COMPONENT program)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/grafana/dashboards ${PROJECT_SOURCE_DIR}/grafana/provisioning
  DESTINATION share/leak-exporter/grafana COMPONENT program)

set(packaged_config ${here}/packaging/leak_exporter.yml)

install(FILES ${packaged_config} DESTINATION /etc/leak_exporter COMPONENT debian)
install(FILES ${here}/packaging/debian/default DESTINATION /etc/default RENAME leak-exporter COMPONENT debian)
install(FILES ${here}/systemd/leak-exporter.service ${here}/systemd/leak-exporter.socket
  DESTINATION /lib/systemd/system COMPONENT debian)
install(FILES ${here}/packaging/debian/copyright DESTINATION share/doc/leak-exporter COMPONENT debian)
install(FILES ${made}/changelog.gz DESTINATION share/doc/leak-exporter COMPONENT debian)
install(FILES ${PROJECT_SOURCE_DIR}/config/leak_exporter.example.yml
  ${here}/systemd/leak-exporter.service.d/private-network.conf
  DESTINATION share/doc/leak-exporter/examples COMPONENT debian)
install(FILES ${here}/packaging/debian/lintian-overrides
  DESTINATION share/lintian/overrides RENAME leak-exporter COMPONENT debian)

install(FILES ${PROJECT_SOURCE_DIR}/LICENSE ${PROJECT_SOURCE_DIR}/README.md ${PROJECT_SOURCE_DIR}/CHANGELOG.md
  ${PROJECT_SOURCE_DIR}/config/leak_exporter.example.yml
  DESTINATION . COMPONENT portable)
install(FILES ${here}/systemd/leak-exporter.service ${here}/systemd/leak-exporter.socket
  DESTINATION systemd COMPONENT portable)
install(FILES ${here}/systemd/leak-exporter.service.d/private-network.conf
  DESTINATION systemd/leak-exporter.service.d COMPONENT portable)

set(CPACK_GENERATOR DEB TGZ)
set(CPACK_PROJECT_CONFIG_FILE ${here}/packaging/generators.cmake)
set(CPACK_PACKAGE_NAME leak-exporter)
set(CPACK_PACKAGE_VENDOR "leak_exporter developers")
set(CPACK_PACKAGE_CONTACT "leak_exporter developers <leak-exporter@example.org>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Prometheus exporter that shows what applications leak")
set(CPACK_PACKAGE_DESCRIPTION_FILE ${here}/packaging/description.txt)
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_COMPONENTS_GROUPING ALL_COMPONENTS_IN_ONE)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_HOMEPAGE "https://example.org/leak_exporter")
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "adduser")
set(CPACK_DEBIAN_PACKAGE_PREDEPENDS "init-system-helpers (>= 1.54~)")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  ${here}/packaging/debian/conffiles
  ${here}/packaging/debian/postinst ${here}/packaging/debian/prerm ${here}/packaging/debian/postrm)
include(CPack)
